// Replays a payload on the canvas, in the order that the Plugin API wants it.
import type { Entry, GessoEffect, GessoPaint, Override, Payload, Props, Range } from '../compile/payload';
import { addProperties, combine } from './components';
import { DATA, IMAGES } from './data';
import type { Fonts } from './fonts';
import type { Notes, Progress } from './notes';
import type { PaintMaker } from './paints';
import type { Numbers, Styles } from './tokens';

const LATER = new Set(['fillStyle', 'textStyle', 'effectStyle', 'textAutoResize', 'rotation']);
const SPACES = ['paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft', 'itemSpacing', 'counterAxisSpacing', 'gridRowGap', 'gridColumnGap'] as const;
const CORNERS = ['topLeftRadius', 'topRightRadius', 'bottomRightRadius', 'bottomLeftRadius'] as const;

type Frame = FrameNode | ComponentNode;
type Layer = Frame | InstanceNode | TextNode | RectangleNode | EllipseNode;

export interface Built {
  roots: SceneNode[];
  components: ComponentNode[];
  layers: number;
  instances: number;
}

export class Builder {
  private readonly layers: Layer[] = [];
  readonly roots: SceneNode[] = [];
  readonly components: ComponentNode[] = [];
  readonly tops: SceneNode[] = []; // components, and sets of variants
  private instances = 0;
  private finished = 0;
  private combined = false;

  constructor(
    private readonly payload: Payload,
    private readonly fonts: Fonts,
    private readonly styles: Styles,
    private readonly paints: PaintMaker,
    private readonly numbers: Numbers,
    private readonly notes: Notes,
    private readonly progress: Progress,
  ) {}

  async build(): Promise<Built> {
    const { nodes } = this.payload;
    const last = Math.max(-1, ...this.payload.components.map(({ node }) => node));
    for (let index = 0; index < nodes.length; index++) {
      await this.progress.step('Building layers', index, nodes.length);
      // A component is whole when the next tree begins: its properties must be there before its instances.
      if (nodes[index]!.parent === null) this.finish(index > last);
      await this.entry(nodes[index]!);
    }
    this.finish(true);
    return { roots: this.roots, components: this.components, layers: this.layers.length, instances: this.instances };
  }

  /** Give the components so far their properties; with the last, put variants together. */
  private finish(all: boolean): void {
    for (; this.finished < this.components.length; this.finished++) addProperties(this.components[this.finished]!);
    if (!all || this.combined) return;
    this.combined = true;
    this.tops.push(...combine(this.payload, this.components));
  }

  /** Take everything off the canvas again. */
  undo(): void {
    for (const node of [...this.roots, ...this.tops, ...this.components]) if (!node.removed) node.remove();
  }

  private async entry(entry: Entry): Promise<void> {
    const layer = this.create(entry);
    this.layers.push(layer);
    if (entry.parent === null) {
      if (layer.type === 'COMPONENT') this.components.push(layer);
      else this.roots.push(layer);
    }
    await this.apply(layer, entry.props, entry.resize);
    if (layer.type === 'INSTANCE') for (const override of entry.overrides ?? []) await this.override(layer, override);
    if (entry.ranges && layer.type === 'TEXT') await this.ranges(layer, entry.ranges);
    this.size(layer, entry);
    this.append(layer, entry);
    this.place(layer, entry);
    if (Object.keys(entry.data).length) layer.setPluginData(DATA, JSON.stringify(entry.data));
  }

  private create(entry: Entry): Layer {
    switch (entry.type) {
      case 'FRAME':
        return figma.createFrame();
      case 'COMPONENT':
        return figma.createComponent();
      case 'TEXT':
        return figma.createText();
      case 'ELLIPSE':
        return figma.createEllipse();
      case 'INSTANCE': {
        this.instances++;
        const { node } = this.payload.components[entry.component!]!;
        return (this.layers[node] as ComponentNode).createInstance();
      }
      case 'SVG':
        return this.drawing(entry.svg ?? '');
      default:
        return figma.createRectangle();
    }
  }

  private drawing(svg: string): FrameNode | RectangleNode {
    try {
      return figma.createNodeFromSvg(svg);
    } catch {
      this.notes.add('A drawing that Figma cannot read: a grey box stands for it');
      return figma.createRectangle();
    }
  }

  /** Set properties one by one, as they come; what must wait for the size or is asynchronous comes after. */
  private async apply(layer: SceneNode, props: Props, box: readonly [number, number] | null): Promise<void> {
    const target = layer as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(props)) {
      if (LATER.has(name)) continue;
      if (name === 'fills' || name === 'strokes') this.fill(layer, name, value as GessoPaint[], box);
      else if (name === 'fontName') target.fontName = this.fonts.find(value as FontName);
      else if (name === 'effects') target.effects = value as GessoEffect[];
      else if (name === 'characters') await this.characters(layer as TextNode, value as string);
      else if (target[name] !== value) target[name] = value;
    }
    await this.applyStyles(layer, props);
    this.bindNumbers(layer, props);
  }

  private fill(layer: SceneNode, name: 'fills' | 'strokes', paints: readonly GessoPaint[], box: readonly [number, number] | null): void {
    (layer as MinimalFillsMixin & MinimalStrokesMixin)[name] = this.paints.make(paints, box);
    if (name !== 'fills') return;
    const images = paints.map(({ slot, place, scaleMode }) => (slot ? { slot, scaleMode, ...(place ? { place } : {}) } : null));
    const known = layer.getPluginData(IMAGES);
    if (images.some(Boolean)) layer.setPluginData(IMAGES, JSON.stringify(images));
    else if (known) layer.setPluginData(IMAGES, '');
  }

  /** The text of an instance is given by the component's property, so that the panel shows it. */
  private async characters(layer: TextNode, value: string): Promise<void> {
    const property = layer.componentPropertyReferences?.characters;
    const instance = property ? instanceAround(layer) : null;
    if (instance && property! in instance.componentProperties) instance.setProperties({ [property!]: value });
    else layer.characters = value;
  }

  private async applyStyles(layer: SceneNode, props: Props): Promise<void> {
    const fill = this.paintStyle(props.fills);
    if (fill) await (layer as FrameNode).setFillStyleIdAsync(fill.id);
    const edge = this.paintStyle(props.strokes);
    if (edge) await (layer as FrameNode).setStrokeStyleIdAsync(edge.id);
    const text = this.styles.text.get(props.textStyle as string);
    if (text) await (layer as TextNode).setTextStyleIdAsync(text.id);
    const effect = this.styles.effect.get(props.effectStyle as string);
    if (effect) await (layer as FrameNode).setEffectStyleIdAsync(effect.id);
  }

  /** The style that shows just what these paints show. */
  private paintStyle(paints: unknown): PaintStyle | undefined {
    const [paint, ...more] = (paints ?? []) as GessoPaint[];
    const style = paint?.token && !more.length ? this.styles.paint.get(paint.token) : undefined;
    return style && Math.abs((style.paints[0]?.opacity ?? 1) - (paint!.opacity ?? 1)) < 1e-3 ? style : undefined;
  }

  private bindNumbers(layer: SceneNode, props: Props): void {
    if (layer.type === 'INSTANCE') return;
    const bind = (field: VariableBindableNodeField, variable: Variable | undefined): void => void (variable && layer.setBoundVariable(field, variable));
    for (const name of SPACES) if (props[name]) bind(name as VariableBindableNodeField, this.numbers.space.get(props[name] as number));
    for (const name of CORNERS) {
      const radius = props[name] ?? props.cornerRadius;
      if (radius) bind(name, this.numbers.radius.get(radius as number));
    }
  }

  private async ranges(layer: TextNode, ranges: readonly Range[]): Promise<void> {
    for (const { start, end, ...props } of ranges) {
      const style = this.styles.text.get(props.textStyle as string);
      if (style) await layer.setRangeTextStyleIdAsync(start, end, style.id);
      else {
        if (props.fontName) layer.setRangeFontName(start, end, this.fonts.find(props.fontName as FontName));
        if (props.fontSize) layer.setRangeFontSize(start, end, props.fontSize as number);
        if (props.lineHeight) layer.setRangeLineHeight(start, end, props.lineHeight as LineHeight);
        if (props.letterSpacing) layer.setRangeLetterSpacing(start, end, props.letterSpacing as LetterSpacing);
      }
      const fill = this.paintStyle(props.fills);
      if (fill) await layer.setRangeFillStyleIdAsync(start, end, fill.id);
      else if (props.fills) layer.setRangeFills(start, end, this.paints.make(props.fills as GessoPaint[], null));
      if (props.textDecoration) layer.setRangeTextDecoration(start, end, props.textDecoration as TextDecoration);
      if (props.hyperlink) layer.setRangeHyperlink(start, end, props.hyperlink as HyperlinkTarget);
    }
  }

  private async override(instance: InstanceNode, { path, props, ranges }: Override): Promise<void> {
    let layer: SceneNode | undefined = instance;
    for (const step of path) layer = layer && 'children' in layer ? layer.children[step] : undefined;
    if (!layer) {
      this.notes.add('An instance that does not look like its component: something was left as the component has it');
      return;
    }
    await this.apply(layer, props, null);
    if (layer.type === 'TEXT' && props.textAutoResize !== undefined && layer.textAutoResize !== props.textAutoResize) {
      this.notes.add('A text of an instance keeps the box that its component gives it');
    }
    if (ranges && layer.type === 'TEXT') await this.ranges(layer, ranges);
  }

  private size(layer: Layer, { resize, props, type, data }: Entry): void {
    const hugs = props.textAutoResize === 'WIDTH_AND_HEIGHT';
    if (resize && !hugs) {
      const [width, height] = resize;
      if (type === 'SVG' && layer.type === 'FRAME') layer.rescale(Math.max(0.01, Math.min(width / layer.width, height / layer.height)));
      if (layer.width !== width || layer.height !== height || layer.type === 'TEXT') layer.resize(width, height);
    }
    if (data.ratio && layer.type !== 'TEXT' && 'lockAspectRatio' in layer) layer.lockAspectRatio();
    if (layer.type === 'TEXT' && props.textAutoResize) layer.textAutoResize = props.textAutoResize as TextNode['textAutoResize'];
  }

  private append(layer: Layer, { parent, cell, span }: Entry): void {
    if (parent === null) return;
    const above = this.layers[parent] as Frame;
    if (!cell) {
      above.appendChild(layer);
      return;
    }
    above.appendChildAt(layer, cell[0], cell[1]);
    if (span && span[0] > 1) layer.gridRowSpan = span[0];
    if (span && span[1] > 1) layer.gridColumnSpan = span[1];
  }

  private place(layer: Layer, { sizing, limits, place, props }: Entry): void {
    if (place.layoutPositioning) layer.layoutPositioning = place.layoutPositioning;
    Object.assign(layer, sizing);
    Object.assign(layer, limits);
    if (props.rotation !== undefined) (layer as FrameNode).rotation = props.rotation as number;
    if (place.constraints && 'constraints' in layer) layer.constraints = place.constraints as Constraints;
    if (place.x !== undefined) layer.x = place.x;
    if (place.y !== undefined) layer.y = place.y;
  }
}

function instanceAround(layer: BaseNode): InstanceNode | null {
  for (let node: BaseNode | null = layer; node; node = node.parent) if (node.type === 'INSTANCE') return node;
  return null;
}
