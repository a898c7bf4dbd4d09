// What the UI and the plugin's main thread say to each other.
import type { Section } from './wireframe/blocks';

export interface ImportOptions {
  /** Colours as variables, or as paint styles. */
  colors: 'variables' | 'styles';
}
export type ToMain =
  | { type: 'ready' }
  | { type: 'import-notation'; text: string; images: Record<string, Uint8Array>; drawings: Record<string, string>; options: ImportOptions }
  | { type: 'import-payload'; text: string; images: Record<string, Uint8Array>; options: ImportOptions }
  | { type: 'export' }
  | { type: 'wireframe-insert'; section: Section; phone: boolean }
  | { type: 'wireframe-lower' }
  | { type: 'wireframe-export' }
  | { type: 'remember'; server: string; token: string }
  | { type: 'cancel' };

export interface Report {
  layers: number;
  instances: number;
  components: number;
  styles: number;
  images: number;
  approximated: string[];
}
export type ToUI =
  | { type: 'selection'; names: string[]; count: number }
  | { type: 'settings'; server: string; token: string }
  | { type: 'progress'; what: string; done: number; of: number }
  | { type: 'imported'; report: Report }
  | { type: 'exported'; notation: string; notes: string[]; images: { slot: string; bytes: Uint8Array; mime: string }[]; wireframe: boolean }
  | { type: 'failed'; text: string };
