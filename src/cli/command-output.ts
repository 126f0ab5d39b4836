/** Where a command's output and exit status go. */
export interface CommandOutput {
  write(text: string): void;
  status(code: number): void;
}
