// Components as Figma's panel shows them: variants in a set, texts and visibility as properties.
import type { Payload } from '../compile/payload';
import { dataOf } from './data';

const GAP = 48;

/** Put variants into sets. What lies on the page then is returned. */
export function combine(payload: Payload, components: readonly ComponentNode[]): SceneNode[] {
  const groups = new Map<string, ComponentNode[]>();
  payload.components.forEach(({ name, variant }, index) => {
    const component = components[index];
    if (!component) return;
    const pairs = Object.entries(variant);
    if (pairs.length) component.name = pairs.map(([key, value]) => `${plain(key)}=${plain(value)}`).join(', ');
    groups.set(name, [...(groups.get(name) ?? []), component]);
  });
  const tops: SceneNode[] = [];
  for (const [name, group] of groups) {
    const uniform = new Set(group.map((c) => c.name.split(', ').map((pair) => pair.split('=')[0]).sort().join())).size === 1;
    if (uniform && group.every((c) => c.name.includes('='))) {
      const set = figma.combineAsVariants(group, figma.currentPage);
      set.name = name;
      tops.push(set);
    } else {
      for (const component of group) if (component.name.includes('=')) component.name = `${name}/${component.name.replace(/=/g, ' ')}`;
      tops.push(...group);
    }
  }
  return tops;
}

/** Give a component's bound layers to the properties panel. Called before any instance of it is made. */
export function addProperties(component: ComponentNode): void {
  const made = new Map<string, string>();
  const property = (name: string, type: 'TEXT' | 'BOOLEAN', value: string | boolean): string => {
    const key = `${type} ${name}`;
    const full = made.get(key) ?? component.addComponentProperty(made.has(other(type, name)) ? `${name} ` : name, type, value);
    made.set(key, full);
    return full;
  };
  for (const layer of ownLayers(component)) {
    const { bind, shown } = dataOf(layer);
    const references: { visible?: string; characters?: string } = {};
    if (bind && layer.type === 'TEXT') references.characters = property(bind, 'TEXT', layer.characters);
    if (shown) references.visible = property(shown, 'BOOLEAN', layer.visible);
    if (Object.keys(references).length) layer.componentPropertyReferences = references;
  }
}

function other(type: 'TEXT' | 'BOOLEAN', name: string): string {
  return `${type === 'TEXT' ? 'BOOLEAN' : 'TEXT'} ${name}`;
}

/** A component's layers without those inside instances, which have their own properties. */
export function* ownLayers(component: ComponentNode): Generator<SceneNode> {
  const stack: SceneNode[] = [...component.children].reverse();
  for (let layer = stack.pop(); layer; layer = stack.pop()) {
    yield layer;
    if (layer.type !== 'INSTANCE' && 'children' in layer && dataOf(layer).kind !== 'svg') stack.push(...[...layer.children].reverse());
  }
}

function plain(text: string): string {
  return text.replace(/[=,]/g, ' ').trim() || 'default';
}

/** In a row from x, y on. */
export function arrange(nodes: readonly SceneNode[], x: number, y: number): number {
  let at = x;
  for (const node of nodes) {
    node.x = at;
    node.y = y;
    at += node.width + GAP;
  }
  return at;
}

