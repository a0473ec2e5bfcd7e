import * as z from "zod";
// By its own name: through `z.core` a bundle would have all of it.
import { $constructor } from "zod/v4/core";

const PROTO = "__proto__";

type Loose<Shape extends z.core.$ZodLooseShape> = z.ZodObject<Shape, z.core.$loose>;

const Base: typeof z.ZodObject = z.ZodObject;

/** zod's own object, but that a member called `__proto__`, which zod leaves out, is a member like all others. */
const LooseObject = $constructor<Loose<z.core.$ZodLooseShape>>("LooseObject", (inst, def) => {
  Base.init(inst, def);
  const parse = inst._zod.parse.bind(inst._zod);
  inst._zod.parse = (payload, context) => {
    const given: unknown = payload.value;
    const parsed = parse(payload, context);
    if (parsed instanceof Promise) throw new TypeError("members are parsed at once");
    if (typeof given === "object" && given !== null && Object.hasOwn(given, PROTO) && parsed.value !== given) {
      const value = Object.getOwnPropertyDescriptor(given, PROTO)?.value;
      // Not by assignment, which would make it the prototype.
      Object.defineProperty(parsed.value, PROTO, { value, configurable: true, enumerable: true, writable: true });
    }
    return parsed;
  };
});

/** An object with these members, which keeps all others as they are, whatever they are called. */
export function looseObject<Shape extends z.core.$ZodLooseShape>(shape: Shape): Loose<Shape> {
  return new LooseObject({ type: "object", shape, catchall: z.unknown() }) as Loose<Shape>;
}
