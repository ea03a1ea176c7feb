import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createCgroup, killCgroup, removeCgroup } from './cgroup.ts';
import { image } from './image.ts';
import { guestFolder, hostsFolder, nodeBinary } from './paths.ts';
import { ok, run } from './spawn.ts';

/**
 * A container that boots systemd on a copy-on-write overlay of the image. It is off when made.
 * Only hardware here: what is NixOS about it is in guest/ and host.ts.
 */
export class Machine {
  readonly folder: string;
  readonly root: string;
  readonly consoleLog: string;
  readonly #cgroup: string;
  readonly #tool: string;
  #nspawn: number | undefined;

  private constructor(folder: string, tool: string) {
    this.folder = folder;
    this.root = join(folder, 'root');
    this.consoleLog = join(folder, 'console.log');
    this.#cgroup = createCgroup(basename(folder));
    this.#tool = tool;
  }

  /** `tool` is the folder of the outside that the guest has as /opt/deploy-finalize. */
  static async make(name: string, tool: string): Promise<Machine> {
    const lower = await image();
    await sweep();
    const folder = join(hostsFolder, `${name}-${randomBytes(3).toString('hex')}`);
    for (const part of ['root', 'upper', 'work']) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, 'owner'), String(process.pid));
    mkdirSync(tool, { recursive: true });
    const machine = new Machine(folder, tool);
    const layers = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    await ok(['mount', '-t', 'overlay', 'overlay', '-o', layers, machine.root]);
    // Fixed from the first boot on, so that the journals of all boots are in one folder.
    writeFileSync(join(machine.root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
    return machine;
  }

  /** Starts the container; returns at once. */
  powerOn(): void {
    const log = openSync(this.consoleLog, 'a');
    const [program = '', ...args] = this.#argv();
    const child = spawn(program, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    });
    closeSync(log);
    child.unref();
    child.on('error', (error) => writeFileSync(this.consoleLog, String(error), { flag: 'a' }));
    this.#nspawn = child.pid;
  }

  #argv(): string[] {
    return [
      join(import.meta.dirname, 'in-cgroup.sh'),
      this.#cgroup,
      // The container ends with the test process, however that ends.
      ...['setpriv', '--pdeathsig', 'KILL', 'systemd-nspawn', '--quiet', '--register=no', '--keep-unit'],
      ...['--private-network', '--resolv-conf=off', '--timezone=off', '--link-journal=no', '--kill-signal=SIGRTMIN+3'],
      ...[`--directory=${this.root}`, `--machine=${basename(this.folder)}`, '--hostname=test-host'],
      `--bind-ro=${guestFolder}:/opt/test-host`,
      `--bind-ro=${nodeBinary()}:/usr/local/bin/node`,
      `--bind-ro=${this.#tool}:/opt/deploy-finalize`,
      '/opt/test-host/init',
    ];
  }

  /**
   * Every process of the machine ends at once, in the middle of whatever it does. Unlike on a real
   * power cut, written but not synced data survives: it is in the page cache of the outside.
   */
  async powerCut(): Promise<void> {
    await killCgroup(this.#cgroup);
    this.#nspawn = undefined;
  }

  /** PID 1 of the guest as seen from the outside; undefined while off or between two boots. */
  leader(): number | undefined {
    const pid = this.#nspawn;
    if (pid === undefined || !existsSync(`/proc/${pid}/task/${pid}/children`)) return undefined;
    const children = readIfThere(`/proc/${pid}/task/${pid}/children`).trim().split(' ');
    const found = children.map(Number).find((child) => readIfThere(`/proc/${child}/comm`) === 'systemd\n');
    return found;
  }

  /** Whether the container runs: booting counts, and so does the moment between two boots. */
  isOn(): boolean {
    return this.#nspawn !== undefined && existsSync(`/proc/${this.#nspawn}/root`);
  }

  /** The file on the outside. Also of /run and other mounts of the guest while it is on. */
  path(inside: string): string {
    const leader = this.leader();
    return join(leader === undefined ? this.root : `/proc/${leader}/root`, inside);
  }

  /** The last lines of the console: what an error shows. */
  console(): string {
    return readIfThere(this.consoleLog).split('\n').slice(-40).join('\n');
  }

  /** Nothing is left: processes, cgroup, mount, folder. */
  async destroy(): Promise<void> {
    await this.powerCut();
    await remove(this.folder, this.#cgroup);
  }
}

async function remove(folder: string, cgroup: string): Promise<void> {
  await killCgroup(cgroup);
  removeCgroup(cgroup);
  await run(['umount', join(folder, 'root')]);
  await rm(folder, { recursive: true, force: true });
}

/** Clears away machines whose test process was killed before it could. */
async function sweep(): Promise<void> {
  if (!existsSync(hostsFolder)) return;
  for (const name of readdirSync(hostsFolder)) {
    const owner = readIfThere(join(hostsFolder, name, 'owner'));
    if (owner !== '' && !existsSync(`/proc/${owner}`)) await remove(join(hostsFolder, name), createCgroup(name));
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
