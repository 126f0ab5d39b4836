/** What a service's model demands beyond types: the content of the generated files beside this one. */

/** A shape that demands something, or holds one that does. */
export interface ShapeConstraints {
  readonly type: 'string' | 'blob' | 'number' | 'list' | 'map' | 'structure';
  /** Characters of a string, bytes of a blob, members of a list, entries of a map, value of a number. */
  readonly min?: number;
  readonly max?: number;
  /** As the model has it: a Java regular expression that must match the whole string. */
  readonly pattern?: string;
  readonly enum?: readonly string[];
  /** The value must not be quoted in an error. */
  readonly sensitive?: true;
  /** Name of the shape of a list's members. */
  readonly member?: string;
  /** Names of the shapes of a map's keys and values. */
  readonly key?: string;
  readonly value?: string;
  /** Members of a structure that demand something, with the name of their shape. */
  readonly members?: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
}

export interface ServiceConstraints {
  readonly apiVersion: string;
  /** Name of the input's shape by operation; operations whose input demands nothing are absent. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly shapes: Readonly<Record<string, ShapeConstraints>>;
}
