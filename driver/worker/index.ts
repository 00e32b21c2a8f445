export { DataWorker, DataWorkerError, type DataWorkerOptions } from "./data-worker.js";
