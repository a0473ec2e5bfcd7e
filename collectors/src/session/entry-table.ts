import { ENTRY_BYTES, HASH_BYTES } from "@cadastre/contract/digest";

/** One record of the index file: id hash, content hash, then where the resource is in the data file. */
export const RECORD_BYTES = ENTRY_BYTES + 6 + 4;
const EMPTY = -1;

export interface EntryTable {
  readonly size: number;
  /** The content hash (hexadecimal) that an id hash has, or undefined. */
  find(idHash: string): string | undefined;
  /** Takes a resource that `find` does not know. */
  add(idHash: string, contentHash: string, offset: number, length: number): void;
  /** All records in the order of their id hashes, in buffers of at most `most` records. */
  sortedRecords(most: number): Generator<Buffer>;
}

/**
 * What a scope's recorder keeps of each resource until the scope is finished: 44 bytes and two hash slots of 4 bytes, in typed
 * arrays outside the JavaScript heap that double as they fill. The resources themselves are on disk.
 */
export function createEntryTable(): EntryTable {
  let capacity = 16;
  let size = 0;
  let hashes = Buffer.alloc(capacity * ENTRY_BYTES);
  let offsets = new Float64Array(capacity);
  let lengths = new Uint32Array(capacity);
  let slots = new Int32Array(2 * capacity).fill(EMPTY);
  /** The id hash that is being looked for. */
  const wanted = Buffer.alloc(HASH_BYTES);

  const prefixAt = (index: number) => hashes.readUInt32BE(index * ENTRY_BYTES);

  /** The slot of an id hash, or the empty one where it belongs. Open addressing by the leading bits, which are uniform. */
  function slotOf(id: Buffer): number {
    let slot = id.readUInt32BE(0) % slots.length;
    for (;;) {
      const index = slots[slot] as number;
      const at = index * ENTRY_BYTES;
      if (index === EMPTY || hashes.compare(id, 0, HASH_BYTES, at, at + HASH_BYTES) === 0) return slot;
      slot = (slot + 1) % slots.length;
    }
  }

  function grow(): void {
    capacity *= 2;
    const larger = Buffer.alloc(capacity * ENTRY_BYTES);
    hashes.copy(larger);
    hashes = larger;
    const moreOffsets = new Float64Array(capacity);
    moreOffsets.set(offsets);
    offsets = moreOffsets;
    const moreLengths = new Uint32Array(capacity);
    moreLengths.set(lengths);
    lengths = moreLengths;
    slots = new Int32Array(2 * capacity).fill(EMPTY);
    for (let index = 0; index < size; index++) {
      const at = index * ENTRY_BYTES;
      slots[slotOf(hashes.subarray(at, at + HASH_BYTES))] = index;
    }
  }

  function byIdHash(a: number, b: number): number {
    const difference = prefixAt(a) - prefixAt(b);
    if (difference !== 0) return difference;
    const [atA, atB] = [a * ENTRY_BYTES, b * ENTRY_BYTES];
    return hashes.compare(hashes, atB, atB + HASH_BYTES, atA, atA + HASH_BYTES);
  }

  return {
    get size() {
      return size;
    },
    find(idHash) {
      wanted.write(idHash, "hex");
      const index = slots[slotOf(wanted)] as number;
      if (index === EMPTY) return undefined;
      const at = index * ENTRY_BYTES;
      return hashes.toString("hex", at + HASH_BYTES, at + ENTRY_BYTES);
    },
    add(idHash, contentHash, offset, length) {
      if (size === capacity) grow();
      wanted.write(idHash, "hex");
      const slot = slotOf(wanted);
      const at = size * ENTRY_BYTES;
      hashes.set(wanted, at);
      hashes.write(contentHash, at + HASH_BYTES, "hex");
      offsets[size] = offset;
      lengths[size] = length;
      slots[slot] = size;
      size += 1;
    },
    *sortedRecords(most) {
      const order = Uint32Array.from({ length: size }, (_, index) => index).sort(byIdHash);
      for (let start = 0; start < size; start += most) {
        const part = order.subarray(start, start + most);
        const records = Buffer.alloc(part.length * RECORD_BYTES);
        part.forEach((index, at) => {
          const to = at * RECORD_BYTES;
          hashes.copy(records, to, index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
          records.writeUIntBE(offsets[index] as number, to + ENTRY_BYTES, 6);
          records.writeUInt32BE(lengths[index] as number, to + ENTRY_BYTES + 6);
        });
        yield records;
      }
    },
  };
}
