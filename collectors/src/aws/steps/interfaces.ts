import { DescribeNetworkInterfacesCommand, EC2Client, type NetworkInterface } from "@aws-sdk/client-ec2";
import { toInterface } from "../convert/interface.ts";
import { listed, type Step, toPaging } from "../step.ts";

export const interfaceStep: Step<"interface", EC2Client, NetworkInterface> = {
  kind: "interface",
  service: EC2Client,
  operation: "ec2:DescribeNetworkInterfaces",
  namesNetworks: true,
  async page(client, request) {
    const command = new DescribeNetworkInterfacesCommand(toPaging(request));
    const answer = await client.send(command, { abortSignal: request.signal });
    return { items: listed(answer.NetworkInterfaces, "NetworkInterfaces"), next: answer.NextToken || undefined };
  },
  owner: (networkInterface) => networkInterface.OwnerId,
  label: (networkInterface) => networkInterface.NetworkInterfaceId,
  convert: toInterface,
};
