import { type Link, type Problem, problem } from "./problem.ts";
import { isWeakSignature } from "./signature-algorithm.ts";

const RSA_MINIMUM_BITS = 2048;
const CURVE_MINIMUM_BITS = 224;

/** Keys that can be found, and signatures that can be forged. */
export function weaknesses(link: Link): Problem[] {
  if (!link.read) return [];
  const { keyAlgorithm, keySizeBits, keyCurve, signatureAlgorithm, selfSigned, subject } = link.read.facts;
  const curveBits = Number(/\d{3}/.exec(keyCurve ?? "")?.[0] ?? Number.POSITIVE_INFINITY);
  const weakKey = (keySizeBits ?? Number.POSITIVE_INFINITY) < RSA_MINIMUM_BITS || curveBits < CURVE_MINIMUM_BITS;
  const size = keyCurve ?? `${keySizeBits} bits`;
  return [
    ...(weakKey ? [problem("weak_key", link, `${subject} has a key of ${keyAlgorithm}, ${size}`)] : []),
    // Nobody relies on a self-made signature.
    ...(!selfSigned && isWeakSignature(signatureAlgorithm)
      ? [problem("weak_signature", link, `${subject} is signed with ${signatureAlgorithm}`)]
      : []),
  ];
}
