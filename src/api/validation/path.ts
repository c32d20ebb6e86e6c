/**
 * Where a field stands in an object: `spec.containers[0].resources.limits[cpu]`. A path is a chain of small links that is
 * spelled out only when an error needs it, so that judging a valid object builds no strings.
 */
export class FieldPath {
  private readonly parent: FieldPath | undefined;
  private readonly name: string;
  private readonly kind: "child" | "index" | "key";
  private readonly position: number;

  private constructor(parent: FieldPath | undefined, kind: "child" | "index" | "key", name: string, position: number) {
    this.parent = parent;
    this.kind = kind;
    this.name = name;
    this.position = position;
  }

  /** A path that begins with the field `name` of the object itself. */
  static of(name: string): FieldPath {
    return new FieldPath(undefined, "child", name, 0);
  }

  child(name: string): FieldPath {
    return new FieldPath(this, "child", name, 0);
  }

  index(position: number): FieldPath {
    return new FieldPath(this, "index", "", position);
  }

  /** The entry of a map. */
  key(name: string): FieldPath {
    return new FieldPath(this, "key", name, 0);
  }

  toString(): string {
    const before = this.parent === undefined ? "" : this.parent.toString();
    if (this.kind === "index") return `${before}[${this.position}]`;
    if (this.kind === "key") return `${before}[${this.name}]`;
    return before === "" ? this.name : `${before}.${this.name}`;
  }
}

/** The object itself: its children are its top-level fields. */
export const objectPath = FieldPath.of("");
