import { spawn, spawnSync } from 'node:child_process';

export type Unit = {
  name: string;
  /** systemd's ActiveState, such as `active` or `failed`. */
  state: string;
  substate: string;
  /** The file it was loaded from; empty for generated or transient ones without. */
  fragment: string;
  mainStatus: number;
};

const systemctlPath = '/usr/bin/systemctl';
const asked = ['Id', 'ActiveState', 'SubState', 'FragmentPath', 'Following', 'ExecMainStatus'];

/** All units systemd holds that are not inactive, by name. */
export function loadedUnits(): Map<string, Unit> {
  const { stdout } = spawnSync(systemctlPath, ['show', '*', '--all', `--property=${asked.join(',')}`], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  const units = new Map<string, Unit>();
  for (const block of stdout.split('\n\n')) {
    const properties = new Map(block.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
    const get = (name: string) => properties.get(name) ?? '';
    if (get('Following') !== '' || get('ActiveState') === 'inactive' || get('Id') === '') continue;
    units.set(get('Id'), {
      name: get('Id'),
      state: get('ActiveState'),
      substate: get('SubState'),
      fragment: get('FragmentPath'),
      mainStatus: Number(get('ExecMainStatus') || 0),
    });
  }
  return units;
}

/** Runs one systemctl, its output passed on; resolves when it ended, with its exit code. */
export function systemctl(...args: string[]): Promise<number> {
  const child = spawn(systemctlPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** One job per unit, all queued at once and awaited; returns the units whose job failed. */
export async function jobs(verb: 'stop' | 'start' | 'restart' | 'reload', units: Iterable<string>): Promise<string[]> {
  const names = [...units];
  const codes = await Promise.all(names.map((name) => systemctl(verb, '--', name)));
  return names.filter((_, index) => codes[index] !== 0);
}
