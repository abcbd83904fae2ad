<?php
/**
 * The outbox on the settings page.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows the waiting messages, the server's last response, and the buttons.
 */
final class Sitebridge_Queue_View {

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The state of the delivery.
	 *
	 * @var Sitebridge_Delivery_State
	 */
	private $state;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings       $settings The stored connection.
	 * @param Sitebridge_Delivery_State $state    The state of the delivery.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Delivery_State $state ) {
		$this->settings = $settings;
		$this->state    = $state;
	}

	/**
	 * Prints the urgent notices: the server has replaced the key, or has stopped the delivery.
	 */
	public function render_notices() {
		$state = $this->state->all();
		if ( $state['key_expires_at'] > 0 ) {
			/* translators: %s: a date and time. */
			self::print_notice( 'sitebridge-key-expires', 'notice-warning', sprintf( __( 'The server has a new key for this site. Enter the new key before %s: until then it takes the one that is stored here.', 'sitebridge-connector' ), self::date( $state['key_expires_at'] ) ) );
		}
		if ( $state['stopped_at'] > 0 ) {
			/* translators: %s: a date and time. */
			self::print_notice( 'sitebridge-stopped', 'notice-error', sprintf( __( 'On %s the server asked to be told of no more changes here (HTTP 410). Press Connect to start again; until then changes wait, for three days.', 'sitebridge-connector' ), self::date( $state['stopped_at'] ) ) );
		}
	}

	/**
	 * Prints the queue and its buttons.
	 */
	public function render() {
		$queue = Sitebridge_Outbox_Table::summary();
		$state = $this->state->all();
		if ( ! $this->settings->sends_changes() && 0 === $queue['waiting'] + $queue['dead'] ) {
			return;
		}
		?>
		<h2><?php esc_html_e( 'Changes on their way to the server', 'sitebridge-connector' ); ?></h2>
		<table class="widefat striped" style="max-width: 60em" id="sitebridge-queue" data-waiting="<?php echo (int) $queue['waiting']; ?>" data-failing="<?php echo (int) $queue['failing']; ?>" data-dead="<?php echo (int) $queue['dead']; ?>">
			<tbody>
				<?php
				self::print_row( __( 'Waiting', 'sitebridge-connector' ), number_format_i18n( $queue['waiting'] ) );
				self::print_row( __( 'Of these tried without success', 'sitebridge-connector' ), number_format_i18n( $queue['failing'] ) );
				self::print_row( __( 'Oldest that waits', 'sitebridge-connector' ), null === $queue['oldest'] ? '–' : self::date( $queue['oldest'] ) );
				self::print_row( __( 'Given up', 'sitebridge-connector' ), number_format_i18n( $queue['dead'] ) );
				self::print_row( __( 'Last answer', 'sitebridge-connector' ), self::last_answer( $state ) );
				foreach ( $queue['dead'] > 0 ? Sitebridge_Outbox_Table::latest_dead() : array() as $row ) {
					/* translators: %d: a post's number. */
					$label = $row->post_id > 0 ? sprintf( __( 'Given up: post %d', 'sitebridge-connector' ), $row->post_id ) : __( 'Given up: a term or the site itself', 'sitebridge-connector' );
					self::print_row( $label, self::status_words( (int) $row->answer_status ) . ' ' . $row->answer );
				}
				?>
			</tbody>
		</table>
		<?php
		$this->render_buttons( $queue, $state );
	}

	/**
	 * Prints the buttons that have something to do.
	 *
	 * @param array $queue See Sitebridge_Outbox_Table::summary().
	 * @param array $state See Sitebridge_Delivery_State::all().
	 */
	private function render_buttons( array $queue, array $state ) {
		if ( ! $this->settings->sends_changes() || $state['stopped_at'] > 0 || 0 === $queue['waiting'] + $queue['dead'] ) {
			return;
		}
		?>
		<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" id="sitebridge-queue-form">
			<input type="hidden" name="action" value="<?php echo esc_attr( Sitebridge_Settings_Actions::ACTION ); ?>">
			<?php wp_nonce_field( Sitebridge_Settings_Actions::ACTION ); ?>
			<p class="submit">
				<?php if ( $queue['waiting'] > 0 ) : ?>
					<button type="submit" name="sitebridge_do" value="send_now" class="button"><?php esc_html_e( 'Send now', 'sitebridge-connector' ); ?></button>
				<?php endif; ?>
				<?php if ( $queue['dead'] > 0 ) : ?>
					<button type="submit" name="sitebridge_do" value="revive_dead" class="button"><?php esc_html_e( 'Try dead ones again', 'sitebridge-connector' ); ?></button>
				<?php endif; ?>
			</p>
		</form>
		<?php
	}

	/**
	 * The last response as text.
	 *
	 * @param array $state See Sitebridge_Delivery_State::all().
	 * @return string
	 */
	private static function last_answer( array $state ) {
		if ( 0 === $state['answered_at'] ) {
			return '–';
		}

		return self::date( $state['answered_at'] ) . ': ' . self::status_words( $state['status'] ) . ' ' . $state['message'];
	}

	/**
	 * An HTTP status as text.
	 *
	 * @param int $status The status, or 0.
	 * @return string
	 */
	private static function status_words( $status ) {
		if ( 202 === $status ) {
			return __( 'Received.', 'sitebridge-connector' );
		}

		/* translators: %d: an HTTP status such as 503. */
		return 0 === $status ? '' : sprintf( __( 'HTTP %d.', 'sitebridge-connector' ), $status );
	}

	/**
	 * Prints a row of the table.
	 *
	 * @param string $label The row's label.
	 * @param string $value The row's value.
	 */
	private static function print_row( $label, $value ) {
		printf( '<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html( $label ), esc_html( $value ) );
	}

	/**
	 * Prints a notice.
	 *
	 * @param string $id      The element's id.
	 * @param string $kind    The notice's class.
	 * @param string $message The notice's text.
	 */
	private static function print_notice( $id, $kind, $message ) {
		printf( '<div class="notice %s" id="%s"><p>%s</p></div>', esc_attr( $kind ), esc_attr( $id ), esc_html( $message ) );
	}

	/**
	 * A time in this site's date and time format.
	 *
	 * @param int $time Unix seconds.
	 * @return string
	 */
	private static function date( $time ) {
		return (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time );
	}
}
