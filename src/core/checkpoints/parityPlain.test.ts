/** tfjs' own operations, the reference, against other programs: on the CPU, for they are the same on every backend. */
import { plainOps } from "../../gpu/plainOps";
import { useWasm } from "../../gpu/testWasm";
import { parityTests } from "./testParity";

parityTests(useWasm(), plainOps);
