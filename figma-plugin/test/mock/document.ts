// The mock's document: makes nodes as the Plugin API shows them, keeps what was done and what Figma would have refused.
import * as check from './check';
import { MockNode } from './node';
import { SPECS } from './spec';
import { METHODS } from './methods';

export interface Step {
  node: string;
  what: string;
  value: unknown;
}

export class MockDocument {
  readonly mixed = Symbol('figma.mixed');
  readonly violations: string[] = [];
  readonly steps: Step[] = [];
  readonly images = new Map<string, Uint8Array>() as Map<string, Uint8Array> & ReadonlySet<string>;
  readonly loaded = new Set<string>();
  readonly nodes = new Map<string, MockNode>();
  page!: MockNode;
  recording = false;
  changes = 0;
  private next = 1;
  private readonly prototypes = new Map<string, object>();

  make(type: string): MockNode {
    const node = new MockNode(this, type, `${type === 'PAGE' ? 0 : 1}:${this.next++}`);
    this.nodes.set(node.id, node);
    return node;
  }

  /** Note a rule that was broken, and throw as Figma does. */
  fault(why: string): never {
    this.violations.push(why);
    throw new Error(why);
  }

  record(node: MockNode, what: string, value: unknown): void {
    this.changes++;
    if (this.recording) this.steps.push({ node: node.id, what, value });
  }

  needFont(font: FontName): void {
    if (!this.loaded.has(`${font.family}|${font.style}`)) {
      check.refuse(`the unloaded font "${font.family} ${font.style}": call loadFontAsync first`);
    }
  }

  wrap(node: MockNode): SceneNode {
    let prototype = this.prototypes.get(node.type);
    if (!prototype) {
      prototype = {};
      for (const name of Object.keys(SPECS[node.type] ?? {})) {
        Object.defineProperty(prototype, name, {
          enumerable: true,
          get(this: { ['#']: MockNode }) { return this['#'].read(name); },
          set(this: { ['#']: MockNode }, value: unknown) { this['#'].write(name, value); },
        });
      }
      for (const [name, method] of Object.entries(METHODS)) {
        if (!method.types || method.types.includes(node.type)) Object.defineProperty(prototype, name, method.descriptor);
      }
      this.prototypes.set(node.type, prototype);
    }
    const api = Object.create(prototype) as SceneNode;
    Object.defineProperty(api, '#', { value: node });
    return Object.preventExtensions(api);
  }

  /** The properties that a variant's name gives: "Size=Large, State=Hover". */
  variant(node: MockNode): Record<string, string> | null {
    const component = node.type === 'INSTANCE' ? node.main : node;
    const pairs = String(component?.value('name')).split(', ').map((pair) => pair.split('='));
    if (pairs.some((pair) => pair.length !== 2 || !pair[0] || !pair[1])) return null;
    return Object.fromEntries(pairs) as Record<string, string>;
  }

  inner(api: unknown): MockNode {
    const node = (api as { ['#']?: MockNode } | null)?.['#'];
    return node ?? this.fault('expected a node');
  }
}
