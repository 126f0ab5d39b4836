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

/** A shape of a service's model: what `tools/generate-models.mjs` writes of a service without schemas in the SDK. */
export type ModelShape =
  | { readonly type: 'string' | 'blob' | 'number' | 'boolean' | 'timestamp' | 'date-time' }
  | { readonly type: 'list'; readonly member: string }
  | { readonly type: 'map'; readonly value: string }
  | { readonly type: 'structure'; readonly members: Readonly<Record<string, ModelMember>> };

export interface ModelMember {
  readonly shape: string;
  /** Its name in the path, or in the query; in neither case it stands in the body. */
  readonly label?: string;
  readonly query?: string;
}

export interface ServiceModel {
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly method: string;
        /** `/crl/{crlId}/disable` */
        readonly uri: string;
        /** Of success. */
        readonly status: number;
        /** Names of shapes. */
        readonly input: string;
        readonly output: string;
      }
    >
  >;
  readonly shapes: Readonly<Record<string, ModelShape>>;
}
