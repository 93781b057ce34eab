/**
 * Is the process that started us still there? npm runs a script through a shell; a signal that ends npm or that shell
 * alone is not passed on, and would leave a server behind that nobody watches.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns {() => boolean} asks whether the parent, or npm behind a shell that is our parent, is gone */
export function watchParents() {
  const parent = process.ppid;
  const npm = npmBehindShell(parent);
  return () => process.ppid !== parent || (npm !== undefined && !isAlive(npm));
}

/** Only a package manager counts: a shell that ends may well want to leave us running (`nohup`). */
function npmBehindShell(parent) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return undefined;
  const { name, ppid } = about(parent);
  return /^-?(.*\/)?(sh|ash|dash|bash|zsh|busybox)$/.test(name) && ppid > 1 ? ppid : undefined;
}

function about(pid) {
  try {
    // Linux, also where no `ps` is installed.
    const [, name, ppid] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, ppid: Number(ppid) };
  } catch {
    // No /proc: ask `ps`; where that is missing as well, the parent alone is watched.
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' });
    const [, ppid, name = ''] = /^\s*(\d+)\s+(.*?)\s*$/.exec(stdout ?? '') ?? [];
    return { name, ppid: Number(ppid) };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error.code === 'EPERM'; // alive, and somebody else's
  }
}

/** Dead, but not yet noticed by its own parent; that one may never look. */
function isZombie(pid) {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
