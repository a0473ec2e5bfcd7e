import { ocspResponse } from "@cadastre/simulator/tls/staple";
import { day, type Issued } from "@cadastre/x509/testing/pki";
import { BasicOCSPResponse, Certificate, OCSPResponse } from "pkijs";

interface StapleSpec {
  readonly subject: Issued;
  readonly issuer: Issued;
  readonly status?: "good" | "revoked";
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  /** Signs in the issuer's place, and is sent along. */
  readonly responder?: Issued;
  /** The third answer of RFC 6960, which the simulator never gives. */
  readonly unknown?: boolean;
}

/** DER of an OCSP response. */
export async function aStaple(spec: StapleSpec): Promise<Buffer> {
  const { subject, issuer, status = "good", thisUpdate = day(-1), nextUpdate = day(6) } = spec;
  const der = await ocspResponse({ subject, issuer, status, thisUpdate, nextUpdate });
  if (!spec.responder && !spec.unknown) return der;
  const response = OCSPResponse.fromBER(Uint8Array.from(der));
  const bytes = response.responseBytes;
  if (!bytes) throw new Error("the response holds nothing");
  const basic = BasicOCSPResponse.fromBER(Uint8Array.from(bytes.response.valueBlock.valueHexView));
  const [single] = basic.tbsResponseData.responses;
  if (spec.unknown && single) single.certStatus.idBlock.tagNumber = 2;
  if (spec.responder) basic.certs = [Certificate.fromBER(spec.responder.certificate.rawData)];
  await basic.sign((spec.responder ?? issuer).keys.privateKey, "SHA-256");
  bytes.response.valueBlock.valueHexView = new Uint8Array(basic.toSchema().toBER());
  return Buffer.from(response.toSchema().toBER());
}
