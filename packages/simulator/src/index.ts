export type {
  Answer,
  Journal,
  RecordedRequest,
  SimulatedProject,
  Simulator,
  SimulatorOptions,
  Step,
} from './contract.ts';
export { demoKey } from './house.ts';
export { startSimulator } from './simulator.ts';
export type { StepName } from './steps.ts';
export { steps } from './steps.ts';
