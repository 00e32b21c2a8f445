import { controllerStatusEntry } from "../messages/switch.js";
import type { BundleFeaturesTime, BundleTime } from "../model/bundle.js";
import type { BundleFeaturesProperties, SwitchDescription } from "../model/multipart.js";
import { list, pad, padded, struct, text, u16, u32, u64 } from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";

/** OpenFlow 1.5.1 §7.3.5.1. */
export const description = struct<SwitchDescription>({
  manufacturer: text(256),
  hardware: text(256),
  software: text(256),
  serialNumber: text(32),
  datapath: text(256),
});

export const controllerStatuses = struct({ controllers: list(controllerStatusEntry) });

/** `struct ofp_time`. */
export const bundleTime = struct<BundleTime>({ seconds: u64, nanoseconds: padded(u32, 4) });

const properties = propertyObject<BundleFeaturesProperties>({
  time: property(
    1,
    struct<BundleFeaturesTime>({
      _pad: pad(4),
      accuracy: bundleTime,
      maxFuture: bundleTime,
      maxPast: bundleTime,
      timestamp: bundleTime,
    }),
  ),
  experimenter: experimenterProperties(),
});

/** OpenFlow 1.5.1 §7.3.5.21. */
export const bundleFeaturesRequest = struct({ features: padded(u32, 4), properties });
export const bundleFeaturesReply = struct({ capabilities: padded(u16, 6), properties });
