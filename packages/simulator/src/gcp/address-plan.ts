/**
 * Where every address of the estate comes from: pure arithmetic, so that the n-th instance of a zone has its addresses without
 * anybody remembering the others. Inside one network nothing overlaps; two projects' own networks do, as they do in life.
 *
 * A *unit* is one region of one user of a network: unit = position × regions + region, below 128.
 */

/** Instances of a zone take turns: the lane is the instance's index modulo 32, the slot the index divided by it. */
export const laneCount = 32;
export const maxZoneInstances = 16_000;
const slotsPerZone = maxZoneInstances / laneCount;
/** Slots of a zone that have an address of the services range, which is too small for all. */
export const serviceSlots = 100;

/** The lanes that do not live in the project's main subnet alone; every other lane does. */
export const lane = {
  secondNic: 3,
  autoMode: 5,
  dualStackInternal: 7,
  gkeNode: 8,
  dualStackExternal: 9,
  ipv6Only: 11,
  serviceAlias: 12,
  legacy: 13,
} as const;

/** How many of a zone's first `instances` instances are in a lane. */
export function laneSize(instances: number, laneIndex: number): number {
  return Math.max(0, Math.ceil((instances - laneIndex) / laneCount));
}

export function formatIpv4(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
}

function ipv4(a: number, b: number, c = 0, d = 0): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

export interface Block {
  readonly base: number;
  readonly length: number;
}

export function cidr({ base, length }: Block): string {
  return `${formatIpv4(base)}/${length}`;
}

export const blocks = {
  main: (unit: number): Block => ({ base: ipv4(10, unit), length: 16 }),
  dualStackInternal: (unit: number): Block => ({ base: ipv4(172, 16) + unit * 4096, length: 20 }),
  dualStackExternal: (unit: number): Block => ({ base: ipv4(172, 24) + unit * 4096, length: 20 }),
  gkePods: (unit: number): Block => ({ base: ipv4(100, 64) + unit * 32_768, length: 17 }),
  gkeServices: (unit: number): Block => ({ base: ipv4(192, 168) + unit * 512, length: 23 }),
  proxyOnly: (unit: number): Block => ({ base: ipv4(198, 18) + unit * 512, length: 23 }),
  privateServiceConnect: (unit: number): Block => ({ base: ipv4(198, 19, unit), length: 24 }),
  management: (region: number): Block => ({ base: ipv4(10, 192 + region), length: 20 }),
  servicePeering: (): Block => ({ base: ipv4(10, 127, 240), length: 20 }),
  legacy: (): Block => ({ base: ipv4(10, 240), length: 16 }),
};

export interface Place {
  /** The zone's place among the zones of its region. */
  readonly zoneInRegion: number;
  /** The zone's place among all zones. */
  readonly zone: number;
  /** The instance's place in its zone. */
  readonly index: number;
}

const firstHost = 16;
const slotOf = ({ index }: Place) => Math.floor(index / laneCount);
const perLane = (place: Place) => place.zoneInRegion * slotsPerZone + slotOf(place);

export const hosts = {
  /** In the main subnet: one per instance. */
  main: (block: Block, place: Place) => block.base + firstHost + place.zoneInRegion * maxZoneInstances + place.index,
  /** In a subnet that one lane alone uses. */
  lane: (block: Block, place: Place) => block.base + firstHost + perLane(place),
  legacy: (place: Place) => blocks.legacy().base + firstHost + place.zone * slotsPerZone + slotOf(place),
  /** The /28 of a GKE node's pods. */
  pods: (block: Block, place: Place): Block => ({ base: block.base + perLane(place) * 16, length: 28 }),
  /** One address of the services range. */
  service: (block: Block, place: Place) =>
    slotOf(place) < serviceSlots ? block.base + 1 + place.zoneInRegion * serviceSlots + slotOf(place) : undefined,
  /** In the main subnet, above every generated instance: what tests add. */
  added: (block: Block, count: number) => block.base + firstHost + 4 * maxZoneInstances + count,
  reserved: (block: Block, count: number) => block.base + 65_290 + count,
};

/** How many instances can be added to one region of a project before they meet the reserved addresses. */
export const maxAddedPerRegion = 65_290 - firstHost - 4 * maxZoneInstances;

/** External IPv4: the n-th instance of the estate, the n-th regional and the n-th global reserved address. */
export const external = {
  instance: (ordinal: number) => formatIpv4(ipv4(34, 64) + ordinal),
  regional: (ordinal: number) => formatIpv4(ipv4(35, 192) + ordinal),
  global: (ordinal: number) => formatIpv4(ipv4(34, 128) + ordinal),
};
export const maxInstances = 4_000_000;

const hextet = (value: number) => value.toString(16);

export const ipv6 = {
  /** The first 48 bits of a network's unique local block, from eight hexadecimal digits. */
  ula: (digits: string) => `fd20:${hextet(trimmed(digits.slice(0, 4)))}:${hextet(trimmed(digits.slice(4, 8)))}`,
  /** The first 64 bits of a unit's internal subnet. */
  internal: (ula: string, unit: number) => `${ula}:${hextet(unit + 1)}`,
  /** The first 64 bits of an external subnet; `which` tells the subnets of one unit apart. */
  external: (region: number, network: number, position: number, which: 0 | 1) =>
    `2600:1900:${hextet(0x4000 + region)}:${hextet(network * 6 + position * 2 + which + 1)}`,
  /** The first address of the /96 of an instance's interface. */
  host: (prefix64: string, place: Place) =>
    `${prefix64}:${hextet(place.zoneInRegion + 1)}:${hextet(slotOf(place) + 1)}::`,
  reserved: (prefix64: string) => `${prefix64}:ffff:1::`,
  global: (ordinal: number) => `2600:1901:0:${hextet(ordinal + 1)}::`,
};
/** More own networks than this would run out of hextets. */
export const maxProjects = 10_000;

/** Never 0, so that the text is in its canonical form. */
const trimmed = (digits: string) => Number.parseInt(digits, 16) || 1;
