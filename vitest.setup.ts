/**
 * Property tests draw the same cases each time, so that what passes here passes everywhere; PROPERTY_SEED=n draws others,
 * to look for what these miss.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 1) });
