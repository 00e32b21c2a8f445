export type { DatabaseEvents } from "./database.js";
export { Database } from "./database.js";
export { JsonError, parseJson } from "./json/parse.js";
export { JsonReader } from "./json/reader.js";
export { formatReal, printJson, stringifyJson } from "./json/stringify.js";
export type { Integer, Json, JsonObject } from "./json/value.js";
export type { Lock, LockEvents } from "./lock.js";
export { ModelError } from "./model/error.js";
export type { ColumnSchema, DatabaseSchema, TableSchema } from "./model/schema.js";
export { parseSchema, schemaToJson } from "./model/schema.js";
export type { AtomicType, BaseType, ColumnType } from "./model/type.js";
export type { Remote, TlsOptions } from "./net/remote.js";
export { formatRemote, parseRemotes, RemoteError } from "./net/remote.js";
export type {
  AnyDatabase,
  AnyRow,
  ColumnValue,
  Condition,
  ConditionFunction,
  DatabaseShape,
  Input,
  InputRow,
  Mutation,
  Mutator,
  Operation,
  Operations,
  Scalar,
} from "./operation.js";
export { operations } from "./operation.js";
export type {
  CallOptions,
  DatabaseOptions,
  DatabaseState,
  Selection,
  TableSelection,
  WaitOptions,
} from "./options.js";
export type { Outcome } from "./outcome.js";
export { OutcomeUnknownError } from "./outcome.js";
export type { Change, Replica, Table } from "./replica.js";
export { DeadlineError, NotConnectedError, ProtocolError, RpcError } from "./rpc/errors.js";
export { ServerUnsuitableError } from "./server.js";
export type { OperationResult } from "./transaction.js";
export { TransactionError } from "./transaction.js";
export type { Uuid } from "./uuid.js";
export { isUuid, NamedUuid, uuid } from "./uuid.js";
