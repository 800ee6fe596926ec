namespace EdgeLearn;

/// <summary>How a network does on samples it did not learn from.</summary>
/// <param name="Accuracy">share of rows whose largest output is the label's; 0 for a regression</param>
/// <param name="Loss">mean loss</param>
/// <param name="Count">rows</param>
public readonly record struct Evaluation(double Accuracy, double Loss, int Count);
