/**
 * Several machines on one network, made of network namespaces with a router between them, which loses the packets that
 * a test says: they are swallowed, as by a cable that was cut, and no end of a connection hears of it.
 */
import { execFileSync } from 'node:child_process';

export interface Machine {
  readonly name: string;
  /** What it is reached by from all of them, and from the test. */
  readonly address: string;
  /** The words before a command that runs there. */
  readonly through: readonly string[];
}

export interface Machines {
  /** Adds a machine. `name`: at most 15 characters, as the kernel has it for interfaces. */
  add(name: string): Machine;
  /** From now on, what the two send to one another is lost. */
  cut(a: Machine, b: Machine): void;
  /** Ends what `cut` began. */
  mend(a: Machine, b: Machine): void;
  /** Pulls the cable of a machine, or plugs it in again. */
  plug(machine: Machine, isIn: boolean): void;
  /** Takes everything away. What runs on the machines must have ended. */
  close(): void;
}

/** For PostgreSQL's `pg_hba.conf`: all machines. These addresses are for tests of networks (RFC 2544). */
export const NETWORK = '198.18.0.0/15';

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** Opens a network without machines. It needs root on Linux with iproute2 (`noNamespace` of namespace.ts). */
export function openMachines(): Machines {
  const { pid } = process;
  const router = `karikagi-${pid}-router`;
  const network = `198.${18 + ((pid >> 8) & 1)}.${pid & 255}`;
  const own = `kg${pid}`;
  const namespaces: string[] = [];
  let ports = 0;

  /** Makes a namespace whose loopback works. */
  const openNamespace = (name: string) => {
    ip('netns', 'add', name);
    namespaces.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  };
  /** Puts a cable between the router and what `side` is about; answers the addresses of both ends. */
  const connect = (port: string, side: readonly string[], end: string): [router: string, end: string] => {
    const at = 4 * ports++;
    const [gateway, address] = [`${network}.${at + 1}`, `${network}.${at + 2}`];
    ip('-n', router, 'address', 'add', `${gateway}/30`, 'dev', port);
    ip('-n', router, 'link', 'set', port, 'up');
    ip(...side, 'address', 'add', `${address}/30`, 'dev', end);
    ip(...side, 'link', 'set', end, 'up');
    return [gateway, address];
  };

  openNamespace(router);
  const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward';
  execFileSync('ip', ['netns', 'exec', router, 'sh', '-c', forward]);
  ip('link', 'add', own, 'type', 'veth', 'peer', 'name', 'test', 'netns', router);
  const [gateway] = connect('test', [], own);
  ip('route', 'add', `${network}.0/24`, 'via', gateway);

  const rules = (verb: 'add' | 'delete', a: Machine, b: Machine) => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      ip('-n', router, 'rule', verb, 'from', from.address, 'to', to.address, 'blackhole');
  };
  return {
    add(name) {
      const namespace = `karikagi-${pid}-${name}`;
      openNamespace(namespace);
      ip('-n', router, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      const [to, address] = connect(name, ['-n', namespace], 'eth0');
      ip('-n', namespace, 'route', 'add', 'default', 'via', to);
      return { name, address, through: ['ip', 'netns', 'exec', namespace] };
    },
    cut: (a, b) => rules('add', a, b),
    mend: (a, b) => rules('delete', a, b),
    plug: (machine, isIn) => ip('-n', router, 'link', 'set', machine.name, isIn ? 'up' : 'down'),
    close() {
      ip('link', 'delete', own);
      for (const name of namespaces.reverse()) ip('netns', 'delete', name);
    },
  };
}
