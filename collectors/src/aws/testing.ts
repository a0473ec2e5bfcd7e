import type { Observe } from "../observe.ts";
import { allParts } from "../testing-recorder.ts";
import { splitAws } from "./observe.ts";
import type { AwsOptions } from "./options.ts";

/** The collector, all of its parts into one recorder. */
export const observeAws = (options: AwsOptions): Observe => allParts(splitAws(options));
