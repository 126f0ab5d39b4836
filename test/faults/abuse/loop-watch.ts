/**
 * Loaded into a server's process beside it: how much processor time the process took between two turns of its event
 * loop, at most. That is what another client waits for, and does not depend on what else the machine does.
 */
let longest = 0;
let last = process.cpuUsage();

setInterval(() => {
  const { user, system } = process.cpuUsage(last);
  last = process.cpuUsage();
  longest = Math.max(longest, (user + system) / 1000);
}, 1).unref();

process.on('message', message => {
  if (message !== 'loop') return;
  // After the turn that is under way, which may be the longest.
  setTimeout(() => {
    process.send!({ longest });
    longest = 0;
  }, 10);
});
process.channel?.unref();
