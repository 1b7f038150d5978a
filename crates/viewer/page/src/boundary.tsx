// A picture that cannot be drawn is an error of its panel, not of the page.
import { Component, type ComponentChildren } from "preact";

interface Props {
  /** Another one of this is a new try. */
  of: unknown;
  children: ComponentChildren;
}

interface State {
  error: string | null;
  of: unknown;
}

export class Boundary extends Component<Props, State> {
  override state: State = { error: null, of: undefined };

  override componentDidCatch(error: unknown): void {
    this.setState({ error: error instanceof Error ? error.message : String(error), of: this.props.of });
  }

  override render({ of, children }: Props, { error, of: failed }: State) {
    if (error === null || of !== failed) return children;
    return (
      <div class="failure" role="alert">
        <pre>This cannot be drawn: {error}</pre>
      </div>
    );
  }
}
