import { currentProcess, type Process, type Scheduler, StrayError } from "./scheduler.ts";

/** The process was killed within a call to the disk; what it still tries to do there is refused. */
class KilledError extends Error {}

interface FileNode {
  data: Buffer;
  /** What a power cut leaves of it. */
  durable: Buffer;
  lockedBy: Process | undefined;
}

interface Directory {
  entries: Map<string, Node>;
  durable: Map<string, Node>;
}

type Node = FileNode | Directory;

/** A change of names. It survives a power cut once a directory that it is in was synced after it, or a later change was. */
interface NameChange {
  readonly nodes: readonly Node[];
  readonly apply: () => void;
}

interface OpenFile {
  readonly node: Node;
  readonly by: Process;
}

const isDirectory = (node: Node): node is Directory => "entries" in node;
const aDirectory = (): Directory => ({ entries: new Map(), durable: new Map() });

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

const disks = new WeakMap<Process, Disk>();

/** The process has its files on this disk. */
export function attachDisk(process: Process, disk: Disk): void {
  disks.set(process, disk);
}

/** The disk of the process that runs now. */
export function currentDisk(): Disk {
  const process = currentProcess();
  const disk = process && disks.get(process);
  if (disk === undefined) throw new StrayError("a disk is used by a process that has none");
  return disk;
}

/** Takes the lock of a file, made if need be, unless a living process has it. It is the file's, whatever its name is later. */
export function tryLockFile(path: string): (() => void) | undefined {
  return currentDisk().lock(path);
}

export type Disk = ReturnType<typeof createDisk>;

/**
 * A disk in memory on which writes are kept as POSIX and ext4 promise and no better: a killed process leaves what it wrote, a
 * power cut leaves what was synced and, in order, some of the rest. Each call is a point at which its process can be killed.
 */
export function createDisk(scheduler: Scheduler) {
  const root = aDirectory();
  const open = new Map<number, OpenFile>();
  let journal: NameChange[] = [];
  let nextFile = 3;

  function enter(what: string): Process {
    const process = currentProcess();
    if (process === undefined) throw new StrayError(`${what} outside of every event`);
    if (!process.alive) throw new KilledError(what);
    process.asked += 1;
    if (scheduler.isFaulty("disk-kill")) {
      scheduler.kill(process);
      throw new KilledError(what);
    }
    return process;
  }

  const partsOf = (path: string) => path.split("/").filter((part) => part !== "");

  function find(path: string): Node | undefined {
    let node: Node | undefined = root;
    for (const part of partsOf(path)) {
      if (node === undefined || !isDirectory(node)) return undefined;
      node = node.entries.get(part);
    }
    return node;
  }

  function require(path: string): Node {
    const node = find(path);
    if (node === undefined) throw failure("ENOENT", path);
    return node;
  }

  function placeOf(path: string): { parent: Directory; name: string } {
    const parts = partsOf(path);
    const name = parts.pop() as string;
    const parent = require(parts.join("/"));
    if (!isDirectory(parent)) throw failure("ENOTDIR", path);
    return { parent, name };
  }

  function change(nodes: readonly Node[], apply: () => void): void {
    journal.push({ nodes, apply });
  }

  function link({ parent, name }: { parent: Directory; name: string }, node: Node): void {
    parent.entries.set(name, node);
    change([parent, node], () => parent.durable.set(name, node));
  }

  function unlink({ parent, name }: { parent: Directory; name: string }): void {
    parent.entries.delete(name);
    change([parent], () => parent.durable.delete(name));
  }

  function persist(count: number): void {
    for (const { apply } of journal.slice(0, count)) apply();
    journal = journal.slice(count);
  }

  function openFile(path: string, flags: string): number {
    const process = enter(`open ${path}`);
    let node = find(path);
    if (flags === "wx" && node !== undefined) throw failure("EEXIST", path);
    if (flags !== "r" && (node === undefined || !isDirectory(node))) {
      if (node === undefined) {
        node = { data: Buffer.alloc(0), durable: Buffer.alloc(0), lockedBy: undefined };
        link(placeOf(path), node);
      } else node.data = Buffer.alloc(0);
    }
    if (node === undefined) throw failure("ENOENT", path);
    open.set(nextFile, { node, by: process });
    return nextFile++;
  }

  function fileOf(file: number): FileNode {
    const { node } = open.get(file) ?? {};
    if (node === undefined || isDirectory(node)) throw failure("EBADF", String(file));
    return node;
  }

  return {
    open: openFile,
    close(file: number): void {
      open.delete(file);
    },
    write(file: number, bytes: Uint8Array): number {
      const process = enter("write");
      const node = fileOf(file);
      if (scheduler.isFaulty("disk-full")) throw failure("ENOSPC", "write");
      const most = scheduler.isFaulty("disk-short-write") ? 1 + process.random.below(bytes.length) : bytes.length;
      node.data = Buffer.concat([node.data, bytes.subarray(0, most)]);
      return most;
    },
    read(file: number, into: Uint8Array, position: number): number {
      return fileOf(file).data.copy(into, 0, position);
    },
    sync(file: number): void {
      enter("sync");
      const { node } = open.get(file) ?? {};
      if (node === undefined) throw failure("EBADF", String(file));
      if (!isDirectory(node)) node.durable = node.data;
      persist(journal.findLastIndex(({ nodes }) => nodes.includes(node)) + 1);
    },
    exists: (path: string): boolean => find(path) !== undefined,
    makeDirectory(path: string, recursive: boolean): void {
      enter(`mkdir ${path}`);
      const parts = partsOf(path);
      parts.forEach((_, at) => {
        const upTo = parts.slice(0, at + 1).join("/");
        const isLast = at === parts.length - 1;
        if (find(upTo) === undefined) {
          if (!isLast && !recursive) throw failure("ENOENT", path);
          link(placeOf(upTo), aDirectory());
        } else if (isLast && !recursive) throw failure("EEXIST", path);
      });
    },
    list(path: string): { readonly name: string; readonly isDirectory: boolean }[] {
      const node = require(path);
      if (!isDirectory(node)) throw failure("ENOTDIR", path);
      return [...node.entries].map(([name, entry]) => ({ name, isDirectory: isDirectory(entry) }));
    },
    rename(from: string, to: string): void {
      enter(`rename ${from}`);
      const node = require(from);
      const [old, place] = [placeOf(from), placeOf(to)];
      const there = place.parent.entries.get(place.name);
      if (there !== undefined && isDirectory(there) && there.entries.size > 0) throw failure("ENOTEMPTY", to);
      old.parent.entries.delete(old.name);
      place.parent.entries.set(place.name, node);
      change([old.parent, place.parent, node], () => {
        old.parent.durable.delete(old.name);
        place.parent.durable.set(place.name, node);
      });
    },
    remove(path: string, force: boolean): void {
      enter(`rm ${path}`);
      if (find(path) !== undefined) unlink(placeOf(path));
      else if (!force) throw failure("ENOENT", path);
    },
    readAll(path: string): Buffer {
      const node = require(path);
      if (isDirectory(node)) throw failure("EISDIR", path);
      return node.data;
    },
    lock(path: string): (() => void) | undefined {
      const file = openFile(path, find(path) === undefined ? "wx" : "r");
      const { node, by } = open.get(file) as OpenFile;
      open.delete(file);
      if (isDirectory(node)) throw failure("EISDIR", path);
      if (node.lockedBy?.alive === true) return undefined;
      node.lockedBy = by;
      return () => {
        if (node.lockedBy === by) node.lockedBy = undefined;
      };
    },
    /** The machine with this disk loses its power. `choose` says how much of what was not synced is there after all. */
    cutPower(choose: (most: number) => number): void {
      persist(choose(journal.length + 1));
      journal = [];
      const revert = (directory: Directory) => {
        directory.entries = new Map(directory.durable);
        for (const node of directory.entries.values()) {
          if (isDirectory(node)) revert(node);
          else if (node.data !== node.durable) {
            const kept = node.data.length > node.durable.length ? choose(node.data.length + 1) : 0;
            node.data = node.data.subarray(0, Math.max(kept, node.durable.length));
            node.durable = node.data;
          }
        }
      };
      revert(root);
    },
  };
}
