import { Experimenter } from "../model/constants.js";
import type { ErrorMessage } from "../model/switch.js";

/** A type of error: its name, the prefix of its codes' names, and the codes from 0 up (OpenFlow 1.5.1 §7.5.4). */
interface ErrorType {
  readonly name: string;
  readonly prefix: string;
  readonly codes: readonly string[];
}

const type = (name: string, prefix: string, codes: string): ErrorType => ({
  name: `OFPET_${name}`,
  prefix,
  codes: codes.split(" "),
});

const common: readonly ErrorType[] = [
  type("HELLO_FAILED", "OFPHFC", "INCOMPATIBLE EPERM"),
  type(
    "BAD_REQUEST",
    "OFPBRC",
    "BAD_VERSION BAD_TYPE BAD_MULTIPART BAD_EXPERIMENTER BAD_EXP_TYPE EPERM BAD_LEN BUFFER_EMPTY BUFFER_UNKNOWN " +
      "BAD_TABLE_ID IS_SLAVE BAD_PORT BAD_PACKET MULTIPART_BUFFER_OVERFLOW MULTIPART_REQUEST_TIMEOUT " +
      "MULTIPART_REPLY_TIMEOUT MULTIPART_BAD_SCHED PIPELINE_FIELDS_ONLY UNKNOWN",
  ),
  type(
    "BAD_ACTION",
    "OFPBAC",
    "BAD_TYPE BAD_LEN BAD_EXPERIMENTER BAD_EXP_TYPE BAD_OUT_PORT BAD_ARGUMENT EPERM TOO_MANY BAD_QUEUE " +
      "BAD_OUT_GROUP MATCH_INCONSISTENT UNSUPPORTED_ORDER BAD_TAG BAD_SET_TYPE BAD_SET_LEN BAD_SET_ARGUMENT " +
      "BAD_SET_MASK BAD_METER",
  ),
  type(
    "BAD_INSTRUCTION",
    "OFPBIC",
    "UNKNOWN_INST UNSUP_INST BAD_TABLE_ID UNSUP_METADATA UNSUP_METADATA_MASK BAD_EXPERIMENTER BAD_EXP_TYPE " +
      "BAD_LEN EPERM DUP_INST",
  ),
  type(
    "BAD_MATCH",
    "OFPBMC",
    "BAD_TYPE BAD_LEN BAD_TAG BAD_DL_ADDR_MASK BAD_NW_ADDR_MASK BAD_WILDCARDS BAD_FIELD BAD_VALUE BAD_MASK " +
      "BAD_PREREQ DUP_FIELD EPERM",
  ),
  type(
    "FLOW_MOD_FAILED",
    "OFPFMFC",
    "UNKNOWN TABLE_FULL BAD_TABLE_ID OVERLAP EPERM BAD_TIMEOUT BAD_COMMAND BAD_FLAGS CANT_SYNC BAD_PRIORITY IS_SYNC",
  ),
  type(
    "GROUP_MOD_FAILED",
    "OFPGMFC",
    "GROUP_EXISTS INVALID_GROUP WEIGHT_UNSUPPORTED OUT_OF_GROUPS OUT_OF_BUCKETS CHAINING_UNSUPPORTED " +
      "WATCH_UNSUPPORTED LOOP UNKNOWN_GROUP CHAINED_GROUP BAD_TYPE BAD_COMMAND BAD_BUCKET BAD_WATCH EPERM " +
      "UNKNOWN_BUCKET BUCKET_EXISTS",
  ),
  type("PORT_MOD_FAILED", "OFPPMFC", "BAD_PORT BAD_HW_ADDR BAD_CONFIG BAD_ADVERTISE EPERM"),
  type("TABLE_MOD_FAILED", "OFPTMFC", "BAD_TABLE BAD_CONFIG EPERM"),
  type("QUEUE_OP_FAILED", "OFPQOFC", "BAD_PORT BAD_QUEUE EPERM"),
  type("SWITCH_CONFIG_FAILED", "OFPSCFC", "BAD_FLAGS BAD_LEN EPERM"),
  type("ROLE_REQUEST_FAILED", "OFPRRFC", "STALE UNSUP BAD_ROLE ID_UNSUP ID_IN_USE"),
  type(
    "METER_MOD_FAILED",
    "OFPMMFC",
    "UNKNOWN METER_EXISTS INVALID_METER UNKNOWN_METER BAD_COMMAND BAD_FLAGS BAD_RATE BAD_BURST BAD_BAND " +
      "BAD_BAND_VALUE OUT_OF_METERS OUT_OF_BANDS",
  ),
  type(
    "TABLE_FEATURES_FAILED",
    "OFPTFFC",
    "BAD_TABLE BAD_METADATA BAD_TYPE BAD_LEN BAD_ARGUMENT EPERM BAD_CAPA BAD_MAX_ENT BAD_FEATURES BAD_COMMAND " +
      "TOO_MANY",
  ),
  type(
    "BAD_PROPERTY",
    "OFPBPC",
    "BAD_TYPE BAD_LEN BAD_VALUE TOO_MANY DUP_TYPE BAD_EXPERIMENTER BAD_EXP_TYPE BAD_EXP_VALUE EPERM",
  ),
  type("ASYNC_CONFIG_FAILED", "OFPACFC", "INVALID UNSUPPORTED EPERM"),
  type(
    "FLOW_MONITOR_FAILED",
    "OFPMOFC",
    "UNKNOWN MONITOR_EXISTS INVALID_MONITOR UNKNOWN_MONITOR BAD_COMMAND BAD_FLAGS BAD_TABLE_ID BAD_OUT",
  ),
  type(
    "BUNDLE_FAILED",
    "OFPBFC",
    "UNKNOWN EPERM BAD_ID BUNDLE_EXIST BUNDLE_CLOSED OUT_OF_BUNDLES BAD_TYPE BAD_FLAGS MSG_BAD_LEN MSG_BAD_XID " +
      "MSG_UNSUP MSG_CONFLICT MSG_TOO_MANY MSG_FAILED TIMEOUT BUNDLE_IN_PROGRESS SCHED_NOT_SUPPORTED SCHED_FUTURE " +
      "SCHED_PAST",
  ),
];

/** Errors of OVS's own, by experimenter's type (`lib/ofp-errors.h`). */
const nicira: Readonly<Record<number, string>> = {
  2: "NXBRC_NXM_INVALID",
  3: "NXBRC_NXM_BAD_TYPE",
  4: "NXBRC_MUST_BE_ZERO",
  5: "NXBRC_BAD_REASON",
  6: "OFPMOFC_MONITOR_EXISTS",
  7: "OFPMOFC_BAD_FLAGS",
  8: "OFPMOFC_UNKNOWN_MONITOR",
  9: "NXBRC_FM_BAD_EVENT",
  10: "NXBRC_UNENCODABLE_ERROR",
  11: "NXBAC_MUST_BE_ZERO",
  12: "NXFMFC_HARDWARE",
  13: "NXFMFC_BAD_TABLE_ID",
  15: "NXBAC_BAD_CONJUNCTION",
  16: "NXTTMFC_BAD_COMMAND",
  17: "NXTTMFC_BAD_OPT_LEN",
  18: "NXTTMFC_BAD_FIELD_IDX",
  19: "NXTTMFC_TABLE_FULL",
  20: "NXTTMFC_ALREADY_MAPPED",
  21: "NXTTMFC_DUP_ENTRY",
  22: "OFPBFC_BAD_VERSION",
  23: "NXQOFC_QUEUE_ERROR",
  37: "NXFMFC_INVALID_TLV_FIELD",
  38: "NXTTMFC_INVALID_TLV_DEL",
  39: "NXBAC_BAD_HEADER_TYPE",
  40: "NXBAC_UNKNOWN_ED_PROP",
  41: "NXBAC_BAD_ED_PROP",
  42: "NXBAC_CT_DATAPATH_SUPPORT",
  43: "NXBMC_CT_DATAPATH_SUPPORT",
  44: "NXTFFC_DUP_TABLE",
};

const bundleFailed = common[17]!.codes.slice(0, 16);

/** What OpenFlow 1.3 has as extensions of ONF, by experimenter's type. */
const onf: Readonly<Record<number, string>> = {
  ...Object.fromEntries(bundleFailed.map((code, index) => [2300 + index, `OFPBFC_${code}`])),
  2360: "OFPFMFC_BAD_PRIORITY",
  2370: "OFPACFC_INVALID",
  2371: "OFPACFC_UNSUPPORTED",
  2372: "OFPACFC_EPERM",
  2600: "OFPBIC_DUP_INST",
  2640: "OFPBRC_MULTIPART_REQUEST_TIMEOUT",
  2641: "OFPBRC_MULTIPART_REPLY_TIMEOUT",
  4250: "OFPBAC_BAD_SET_MASK",
  4443: "OFPBPC_TOO_MANY",
  4444: "OFPBPC_DUP_TYPE",
  4445: "OFPBPC_BAD_EXPERIMENTER",
  4446: "OFPBPC_BAD_EXP_TYPE",
  4447: "OFPBPC_BAD_EXP_VALUE",
  4448: "OFPBPC_EPERM",
};

const experimenterError = 0xffff;

/** The names of an error's type and code; the numbers where there are no names. */
export function errorNames(error: Pick<ErrorMessage, "errorType" | "code" | "experimenter">): {
  readonly typeName: string;
  readonly code: string;
} {
  if (error.errorType === experimenterError) {
    const names =
      error.experimenter === Experimenter.NICIRA
        ? nicira
        : error.experimenter === Experimenter.ONF
          ? onf
          : {};
    const experimenter = `0x${(error.experimenter ?? 0).toString(16).padStart(8, "0")}`;
    return {
      typeName: "OFPET_EXPERIMENTER",
      code: names[error.code] ?? `experimenter ${experimenter} type ${error.code}`,
    };
  }
  const known = common[error.errorType];
  if (!known) return { typeName: `type ${error.errorType}`, code: `code ${error.code}` };
  const code = known.codes[error.code];
  return {
    typeName: known.name,
    code: code === undefined ? `${known.prefix} ${error.code}` : `${known.prefix}_${code}`,
  };
}
