export type {
  Answer,
  Journal,
  ProjectState,
  RecordedRequest,
  SimulatedProject,
  SimulatedQuota,
  Simulator,
  SimulatorOptions,
  Step,
  UsedQuota,
} from './contract.ts';
export { demoKey } from './house.ts';
export { startSimulator } from './simulator.ts';
export type { StepName } from './steps.ts';
export { steps } from './steps.ts';
