/** What has become of sessions since the process started. Plain numbers: metrics read them. */
export class SessionCounts {
  /** By how a session came about: `role`, `session-token` and the like. */
  readonly issued = new Map<string, number>();
  /** One by one; those of a role at once are not among them. */
  revoked = 0;

  issue(kind: string): void {
    this.issued.set(kind, (this.issued.get(kind) ?? 0) + 1);
  }
}
