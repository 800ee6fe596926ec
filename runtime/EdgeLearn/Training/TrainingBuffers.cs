namespace EdgeLearn;

/// <summary>The whole plan of a run: the mini-batch, the rule's, the update's and the evaluation's buffers, and the weights.</summary>
readonly record struct TrainingBuffers(BufferId Inputs, BufferId Labels, BufferId Targets)
{
    const int LastOfStep = PlanTime.Evaluation - 1;

    public static (MemoryPlan Plan, TrainingBuffers Buffers) Plan(Network network, LearningRule rule, UpdateRule update,
        Evaluator evaluator, int batch, FeatureCache? features = null)
    {
        var plan = new MemoryPlan();
        plan.Account("parameters", MemoryCategory.Parameters, network.ParameterBytes);
        bool labelled = network.Loss.IsClassification;
        var buffers = new TrainingBuffers(
            plan.Request("batch.inputs", MemoryCategory.Batch, (long)batch * Math.Max(network.InputLength, features?.InputLength ?? 0),
            PlanTime.Step, LastOfStep),
            plan.Request("batch.labels", MemoryCategory.Batch, labelled ? (long)batch * network.Spec.LabelLength : 0, PlanTime.Step,
            LastOfStep),
            plan.Request("batch.targets", MemoryCategory.Batch, labelled ? 0 : (long)batch * network.OutputLength, PlanTime.Step,
            LastOfStep));
        rule.Plan(plan, batch);
        update.Plan(network.Parameters, plan);
        evaluator.Plan(plan, batch);
        features?.Plan(plan);
        return (plan, buffers);
    }
}
