import { type Address, DescribeAddressesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { toElasticIp } from "../convert/address.ts";
import { listed, type Step } from "../step.ts";

/** DescribeAddresses has no pages: one answer has them all. */
export const addressStep: Step<"address", EC2Client, Address> = {
  kind: "address",
  service: EC2Client,
  operation: "ec2:DescribeAddresses",
  async page(client, { signal }) {
    const answer = await client.send(new DescribeAddressesCommand({}), { abortSignal: signal });
    return { items: listed(answer.Addresses, "Addresses"), next: undefined };
  },
  label: (address) => address.AllocationId ?? address.PublicIp,
  convert: toElasticIp,
};
