// What was approximated, told once each with how often.

export class Notes {
  private readonly counts = new Map<string, number>();

  add(text: string, count = 1): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + count);
  }

  list(): string[] {
    return [...this.counts].map(([text, count]) => (count > 1 ? `${text} (${count}×)` : text));
  }
}

/** Something that the user can mend; its text says how. */
export class PluginError extends Error {}

/** Lets the editor draw and the user press cancel; throws when that happened. */
export class Progress {
  cancelled = false;
  private last = 0;

  constructor(private readonly tell: (what: string, done: number, of: number) => void) {}

  async step(what: string, done: number, of: number): Promise<void> {
    if (done !== of && done - this.last < 100 && done > this.last) return;
    this.last = done;
    this.tell(what, done, of);
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    if (this.cancelled) throw new PluginError('Cancelled: nothing was left on the canvas.');
  }
}
