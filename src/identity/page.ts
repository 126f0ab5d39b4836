/** Which part of a list is asked for. Lists are in the order of names without case. */
export interface Page {
  /** The name, lower case, behind which to go on. */
  readonly after?: string | undefined;
  readonly limit: number;
}
