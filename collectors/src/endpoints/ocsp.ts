import { X509Certificate } from "node:crypto";
import { isSignedBy } from "@cadastre/x509/signatures";
import { BasicOCSPResponse, CertID, Certificate, getCrypto, OCSPResponse, type SingleResponse } from "pkijs";
import type { HandshakeRecord } from "./failure.ts";

export type StapleStatus = NonNullable<HandshakeRecord["ocspStaple"]>;

const OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
const RESPONSE_SUCCESSFUL = 0;
/** `CertStatus` is a choice of [0] good, [1] revoked, [2] unknown (RFC 6960 §4.2.1). */
const STATUS: Readonly<Record<number, StapleStatus>> = { 0: "good", 1: "revoked", 2: "unknown" };
/** Clocks of responders may be ahead of ours. */
const SKEW_MILLISECONDS = 5 * 60_000;

interface StapleOptions {
  /** DER of the OCSPResponse; undefined when the server stapled none. */
  readonly staple: Uint8Array | undefined;
  readonly certificate: X509Certificate;
  /** Undefined when the issuer is not known, which makes any staple invalid. */
  readonly issuer: X509Certificate | undefined;
  readonly now: Date;
}

/**
 * What a stapled OCSP response (RFC 6960) says about a certificate. `invalid` is one that cannot be read, is about another
 * certificate, or is not signed by the issuer or a responder that the issuer appointed; `expired` one past its next update.
 */
export async function readStaple(options: StapleOptions): Promise<StapleStatus> {
  if (!options.staple) return "none";
  try {
    return await judge(options, options.staple);
  } catch {
    // The libraries throw their own errors for whatever a server may send here.
    return "invalid";
  }
}

async function judge(options: StapleOptions, staple: Uint8Array): Promise<StapleStatus> {
  const { certificate, issuer, now } = options;
  const response = OCSPResponse.fromBER(Uint8Array.from(staple));
  if (response.responseStatus.valueBlock.valueDec !== RESPONSE_SUCCESSFUL || !response.responseBytes) return "invalid";
  const basic = BasicOCSPResponse.fromBER(Uint8Array.from(response.responseBytes.response.valueBlock.valueHexView));
  if (!issuer || !(await isAuthentic(basic, issuer, now))) return "invalid";
  const single = await responseFor(basic, certificate, issuer);
  if (!single || single.thisUpdate.getTime() > now.getTime() + SKEW_MILLISECONDS) return "invalid";
  if (single.nextUpdate && single.nextUpdate < now) return "expired";
  return STATUS[(single.certStatus as { idBlock: { tagNumber: number } }).idBlock.tagNumber] ?? "invalid";
}

async function responseFor(
  basic: BasicOCSPResponse,
  certificate: X509Certificate,
  issuer: X509Certificate,
): Promise<SingleResponse | undefined> {
  const subject = parse(certificate);
  const issuerCertificate = parse(issuer);
  for (const single of basic.tbsResponseData.responses) {
    const hash = getCrypto(true).getAlgorithmByOID(single.certID.hashAlgorithm.algorithmId);
    const id = new CertID();
    await id.createForCertificate(subject, { hashAlgorithm: (hash as { name: string }).name, issuerCertificate });
    if (single.certID.isEqual(id)) return single;
  }
  return undefined;
}

/** Signed by the issuer itself or by a responder that it appointed (RFC 6960 §4.2.2.2). */
async function isAuthentic(basic: BasicOCSPResponse, issuer: X509Certificate, now: Date): Promise<boolean> {
  const enclosed = (basic.certs ?? []).map((one) => new X509Certificate(Buffer.from(one.toSchema().toBER())));
  const signers = [issuer, ...enclosed.filter((one) => isAppointed(one, issuer, now))];
  for (const signer of signers) {
    const key = parse(signer).subjectPublicKeyInfo;
    const { tbsResponseData, signature, signatureAlgorithm } = basic;
    const check = getCrypto(true).verifyWithPublicKey(tbsResponseData.tbsView, signature, key, signatureAlgorithm);
    // A key of another kind than the signature's is an exception in WebCrypto; it is not the signer.
    if (await check.catch(() => false)) return true;
  }
  return false;
}

function isAppointed(responder: X509Certificate, issuer: X509Certificate, now: Date): boolean {
  const inForce = responder.validFromDate <= now && now <= responder.validToDate;
  // Node calls the extended key usages `keyUsage`.
  return inForce && (responder.keyUsage ?? []).includes(OCSP_SIGNING) && isSignedBy(responder, issuer);
}

function parse(certificate: X509Certificate): Certificate {
  return Certificate.fromBER(Uint8Array.from(certificate.raw));
}
