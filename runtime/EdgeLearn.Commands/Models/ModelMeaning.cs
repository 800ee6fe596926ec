using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>What a model knows about its inputs and outputs, by which data beside it are read.</summary>
/// <param name="Columns">of a table; null = it was not made for one</param>
/// <param name="ClassNames">in the order of its outputs; null = they have none</param>
/// <param name="ClassCount">classes that it tells apart; 0 for a regression</param>
/// <param name="Media">how images or sound become its inputs; null = it does not say</param>
/// <param name="Input">shape of its input</param>
/// <param name="MayDrawHead">whether data with other classes get a new head</param>
sealed record ModelMeaning(InputColumns? Columns, IReadOnlyList<string>? ClassNames, int ClassCount, string? Media, Shape Input,
    bool MayDrawHead = false)
{
    /// <summary>Of a model.</summary>
    public static ModelMeaning Of(Model model) => new(model.Columns, model.ClassNames,
        model.Network.Loss.IsClassification ? model.Network.Loss.ClassesOf(model.Network.Spec.ClassCount) : 0, model.Media,
        model.Network.Spec.Input);
}

/// <summary>Reading data by what a model knows.</summary>
static class ModelMeanings
{
    /// <summary>The same options, for data beside a model; null = data that a new model is made for.</summary>
    public static DataOptions By(this DataOptions options, ModelMeaning? model) => model is null ? options : options with
    {
        Columns = model.Columns,
        ModelClassCount = model.ClassCount,
        ModelClassNames = model.ClassNames,
        ModelMedia = model.Media,
        ModelInput = model.Input,
        AllowsOtherClasses = model.MayDrawHead,
    };

    /// <summary>The same for a whole model, whose loss says whether labels are classes.</summary>
    public static DataOptions By(this DataOptions options, Model model)
        => (options with { Regression = !model.Network.Loss.IsClassification }).By(ModelMeaning.Of(model));
}
