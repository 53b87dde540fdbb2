/** All domains of the notes generator. */

import type { Domain } from "../types";
import { BEAUTY } from "./beauty";
import { COOKING } from "./cooking";
import { CRAFTS } from "./crafts";
import { FASHION } from "./fashion";
import { FITNESS } from "./fitness";
import { GARDENING } from "./gardening";
import { INTERIOR } from "./interior";
import { PARENTING } from "./parenting";
import { PETS } from "./pets";
import { TRAVEL } from "./travel";

/** Every domain; their order is part of the generator's seed contract, so add new ones at the end. */
export const DOMAINS: readonly Domain[] = [
  COOKING,
  INTERIOR,
  GARDENING,
  TRAVEL,
  FASHION,
  FITNESS,
  BEAUTY,
  PARENTING,
  PETS,
  CRAFTS,
];
