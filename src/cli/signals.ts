/**
 * Resolves on SIGTERM or SIGINT; a second signal ends the process at once. To be called before it is said that the
 * process is ready: who reads that may stop it at once.
 */
export function untilSignal(): Promise<void> {
  return new Promise(resolve => {
    const stop = () => {
      // A second one has no listener: it does what signals do.
      process.off('SIGTERM', stop).off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
