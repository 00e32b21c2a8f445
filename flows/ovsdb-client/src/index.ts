export type {
  CallOptions,
  Change,
  DatabaseEvents,
  DatabaseOptions,
  DatabaseState,
  OperationResult,
  Outcome,
  Replica,
  Selection,
  Table,
  TableSelection,
} from "./database.js";
export { Database } from "./database.js";
export type { Integer, Json } from "./json/value.js";
export type {
  AnyDatabase,
  AnyRow,
  Condition,
  DatabaseShape,
  Input,
  InputRow,
  Mutation,
  Operation,
  Operations,
} from "./operation.js";
export { operations } from "./operation.js";
export type { Uuid } from "./uuid.js";
export { NamedUuid, uuid } from "./uuid.js";
