import { Constructed, Enumerated, GeneralizedTime, OctetString, Primitive } from "asn1js";
import {
  BasicOCSPResponse,
  CertID,
  Certificate,
  OCSPResponse,
  ResponseBytes,
  ResponseData,
  SingleResponse,
} from "pkijs";
import type { Issued } from "./certificates.ts";

const basicResponseType = "1.3.6.1.5.5.7.48.1.1";
const contextSpecific = 3;

/** An OCSP response about one certificate, signed by its issuer, in DER (RFC 6960). */
export async function ocspResponse(options: {
  readonly subject: Issued;
  readonly issuer: Issued;
  readonly status: "good" | "revoked";
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}): Promise<Buffer> {
  const { subject, issuer, thisUpdate, nextUpdate } = options;
  const issuerCertificate = Certificate.fromBER(issuer.certificate.rawData);
  const certID = await CertID.create(Certificate.fromBER(subject.certificate.rawData), {
    hashAlgorithm: "SHA-1",
    issuerCertificate,
  });
  const certStatus =
    options.status === "good"
      ? new Primitive({ idBlock: { tagClass: contextSpecific, tagNumber: 0 } })
      : new Constructed({
          idBlock: { tagClass: contextSpecific, tagNumber: 1 },
          value: [new GeneralizedTime({ valueDate: thisUpdate })],
        });
  const basic = new BasicOCSPResponse({
    tbsResponseData: new ResponseData({
      responderID: issuerCertificate.subject,
      producedAt: thisUpdate,
      responses: [new SingleResponse({ certID, certStatus, thisUpdate, nextUpdate })],
    }),
  });
  await basic.sign(issuer.keys.privateKey, "SHA-256");
  const response = new OCSPResponse({
    responseStatus: new Enumerated({ value: 0 }),
    responseBytes: new ResponseBytes({
      responseType: basicResponseType,
      response: new OctetString({ valueHex: basic.toSchema().toBER() }),
    }),
  });
  return Buffer.from(response.toSchema().toBER());
}
