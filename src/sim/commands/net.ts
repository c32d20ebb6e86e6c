import type { CommandTable } from "../command.ts";
import { busyboxNetcat } from "./nc.ts";
import { nslookup } from "./nslookup.ts";
import { busyboxPing } from "./ping.ts";

/** Names, reachability and ports. */
export const netCommands: CommandTable = {
  nslookup,
  ping: busyboxPing,
  nc: busyboxNetcat,
};
