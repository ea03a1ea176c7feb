import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

/**
 * A cgroup of its own for each machine: two nspawns started from one cgroup would share the
 * container's cgroup root, and `cgroup.kill` ends all processes of a machine in one write.
 */
export function createCgroup(name: string): string {
  const folder = join(unifiedMount(), 'deploy-finalize-test-host', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Kills every process in the cgroup (children's cgroups too) and returns when none is left. */
export async function killCgroup(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  writeFileSync(join(folder, 'cgroup.kill'), '1');
  await until(`processes of ${folder} are gone`, () => !/^populated 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8')));
}

export function removeCgroup(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(folder, entry.name));
  }
  rmdirSync(folder);
}

function unifiedMount(): string {
  const mount = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2');
  if (mount?.[1] === undefined) throw new Error('no cgroup2 is mounted on this machine');
  return mount[1];
}
