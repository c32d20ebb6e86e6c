import { Line } from "../base/line.ts";
import type { Change } from "./contract.ts";

/** Changes in order of revision, forgotten from the front. */
export class ChangeLog extends Line<Change> {
  /** Changes with a revision above `revision`, oldest first. */
  after(revision: number): readonly Change[] {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.items[middle] as Change).current.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.items.slice(low) as Change[];
  }
}
