<?php
/**
 * The actions of the buttons on the settings page.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Handles the settings form (wp-admin/admin-post.php), and redirects back to the page.
 */
final class Sitebridge_Settings_Actions {

	const ACTION = 'sitebridge_connector_settings';

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Tells this site from its copies.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * Reads the form.
	 *
	 * @var Sitebridge_Settings_Form
	 */
	private $form;

	/**
	 * Connects and disconnects.
	 *
	 * @var Sitebridge_Connection
	 */
	private $connection;

	/**
	 * Sends the structure.
	 *
	 * @var Sitebridge_Structure_Push
	 */
	private $push;

	/**
	 * Sends the changes.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings     The stored connection.
	 * @param Sitebridge_Installation     $installation Tells this site from its copies.
	 * @param Sitebridge_Connection       $connection   Connects and disconnects.
	 * @param Sitebridge_Structure_Push   $push         Sends the structure.
	 * @param Sitebridge_Delivery_Trigger $trigger      Sends the changes.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Installation $installation, Sitebridge_Connection $connection, Sitebridge_Structure_Push $push, Sitebridge_Delivery_Trigger $trigger ) {
		$this->settings     = $settings;
		$this->installation = $installation;
		$this->form         = new Sitebridge_Settings_Form();
		$this->connection   = $connection;
		$this->push         = $push;
		$this->trigger      = $trigger;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'admin_post_' . self::ACTION, array( $this, 'handle' ) );
	}

	/**
	 * Runs the action of the pressed button.
	 */
	public function handle() {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not change these settings.', 'sitebridge-connector' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( self::ACTION );

		$error  = '';
		$button = $this->button();
		switch ( $button ) {
			case 'disconnect':
			case 'own_site':
				$this->connection->disconnect();
				break;
			case 'moved':
				$this->connection->connect( null, true );
				break;
			case 'stay_silent':
				$this->installation->stay_silent();
				break;
			case 'send_now':
				$this->trigger->send_now();
				break;
			case 'revive_dead':
				$this->trigger->revive_dead();
				break;
			case 'test':
			case 'connect':
				$error = $this->save( $button );
				break;
			default:
				$error = $this->save( 'save' );
				if ( '' === $error ) {
					$this->push->schedule_soon( 0 );
				}
		}
		$notice = '' !== $error ? $error : 'done';
		wp_safe_redirect( add_query_arg( 'sitebridge_notice', $notice, Sitebridge_Settings_Page::url() ) );
		exit;
	}

	/**
	 * Stores the form's fields, and tests the connection when that is asked for. A changed connection replaces
	 * a connection that works only after its test has passed. So a mistyped key breaks nothing.
	 *
	 * @param string $button `save`, `test` or `connect`.
	 * @return string '', or the code of an input error; then nothing was stored.
	 */
	private function save( $button ) {
		$stored     = $this->settings->all();
		$connection = $this->form->connection( $stored );
		if ( is_string( $connection ) ) {
			return $connection;
		}
		$changed  = array() !== array_diff_assoc( $connection, $stored );
		$proposed = $changed && $stored['integration_id'] > 0 ? $connection : null;
		$this->settings->update( $this->form->switches() + ( null === $proposed ? $connection : array() ) );
		if ( 'connect' === $button ) {
			$this->connection->connect( $proposed );
		} elseif ( 'test' === $button || null !== $proposed ) {
			$this->connection->test( $proposed );
		}
		$now = $this->settings->all();
		if ( $this->settings->sends_changes() && ( $now['api_key'] !== $stored['api_key'] || ! $stored['two_way_sync_enabled'] || ! $stored['plugin_connection_enabled'] ) ) {
			$this->trigger->resume( false );
		}

		return '';
	}

	/**
	 * The pressed button.
	 *
	 * @return string
	 */
	private function button() {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- handle() verified the nonce.
		return isset( $_POST['sitebridge_do'] ) && is_string( $_POST['sitebridge_do'] ) ? sanitize_key( $_POST['sitebridge_do'] ) : '';
	}
}
