import type { Scenario } from '../scenario.ts';
import bom from './bom.ts';
import chunking from './chunking.ts';
import fields from './fields.ts';
import json from './json.ts';
import newlines from './newlines.ts';

/** Everything in the group `malformed`. */
export const malformedScenarios: readonly Scenario[] = [bom, chunking, fields, json, newlines];
