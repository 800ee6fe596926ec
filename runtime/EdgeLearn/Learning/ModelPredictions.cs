namespace EdgeLearn;

/// <summary>Predictions of models.</summary>
public static class ModelPredictions
{
    /// <summary>
    /// Makes what answers inputs with a model. The model stays its owner's and must outlive the predictor; weights that learn on meanwhile
    /// are seen.
    /// </summary>
    /// <param name="model">with weights</param>
    /// <param name="batch">most inputs at a time, which its memory follows</param>
    public static Predictor CreatePredictor(this Model model, int batch = 1) => new(model, batch);
}
