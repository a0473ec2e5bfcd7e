import { tableContract } from "./contract.ts";
import { openDynamo } from "./open-dynamo.ts";

tableContract("DynamoDB", openDynamo);
