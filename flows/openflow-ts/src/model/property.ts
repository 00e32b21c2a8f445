/** A property (OpenFlow 1.4 on) of an experimenter. */
export interface ExperimenterProperty {
  readonly experimenter: number;
  readonly experimenterType: number;
  readonly data: Uint8Array;
}

/** A property whose type is not known here, or stands there once too often, kept as it came. */
export interface UnknownProperty {
  readonly propertyType: number;
  readonly data: Uint8Array;
  /** How many properties stand before it; absent: all others. */
  readonly position?: number;
}
