export type {
  Answer,
  Journal,
  ProjectState,
  RecordedConversation,
  RecordedFrame,
  RecordedRequest,
  SimulatedProject,
  SimulatedQuota,
  Simulator,
  SimulatorOptions,
  Step,
  UsedQuota,
} from './contract.ts';
export type { Fault, FaultCause } from './faults.ts';
export { faults } from './faults.ts';
export { demoKey } from './house.ts';
export { startSimulator } from './simulator.ts';
export type { StepName } from './steps.ts';
export { steps } from './steps.ts';
