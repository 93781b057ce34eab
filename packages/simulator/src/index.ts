export type {
  Answer,
  Journal,
  RecordedRequest,
  SimulatedProject,
  Simulator,
  SimulatorOptions,
  Step,
} from './contract.ts';
export { demoKey, startSimulator } from './simulator.ts';
export type { StepName } from './steps.ts';
export { steps } from './steps.ts';
