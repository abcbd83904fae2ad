<?php
/**
 * The state of the delivery.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores the state that concerns all messages: whether the delivery is paused or stopped, the last response,
 * and until when the server accepts the stored key.
 */
final class Sitebridge_Delivery_State {

	const OPTION = 'sitebridge_connector_delivery';

	const DEFAULTS = array(
		// Unix seconds until which nothing is sent, because the server is unreachable or asked for a pause.
		'paused_until'   => 0,
		// Number of pauses in a row.
		'pauses'         => 0,
		// Unix seconds of the server's HTTP 410, or 0.
		'stopped_at'     => 0,
		// Unix seconds until which the server accepts the stored key after replacing it, or 0.
		'key_expires_at' => 0,
		// The last response: HTTP status (0: none), message, and unix seconds.
		'status'         => 0,
		'message'        => '',
		'answered_at'    => 0,
	);

	/**
	 * Holds the key, which must not appear in the stored message.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings $settings The stored connection.
	 */
	public function __construct( Sitebridge_Settings $settings ) {
		$this->settings = $settings;
	}

	/**
	 * The whole state.
	 *
	 * @return array The values by name, as in DEFAULTS.
	 */
	public function all() {
		$stored = get_option( self::OPTION, array() );

		return array_merge( self::DEFAULTS, is_array( $stored ) ? array_intersect_key( $stored, self::DEFAULTS ) : array() );
	}

	/**
	 * Stores some values and keeps the others.
	 *
	 * @param array $changes New values by name.
	 */
	public function update( array $changes ) {
		update_option( self::OPTION, array_merge( $this->all(), array_intersect_key( $changes, self::DEFAULTS ) ), false );
	}

	/**
	 * Stores the server's response.
	 *
	 * @param int    $status  HTTP status, or 0 when no response came.
	 * @param string $message The response's message.
	 */
	public function note_answer( $status, $message ) {
		$this->update(
			array(
				'status'      => $status,
				'message'     => $message,
				'answered_at' => time(),
			)
		);
	}

	/**
	 * The message and the hint of a response. They come from another machine: the result has no markup, at
	 * most 1,000 characters, and never the key, even if the server sent the key back.
	 *
	 * @param array $answer See Sitebridge_Server_Client::post_webhook().
	 * @return string
	 */
	public function words( array $answer ) {
		$words = '';
		foreach ( array( 'message', 'hint' ) as $part ) {
			$words .= ' ' . sanitize_text_field( is_scalar( $answer[ $part ] ) ? (string) $answer[ $part ] : '' );
		}
		$key = $this->settings->get( 'api_key' );

		return mb_substr( trim( '' !== $key ? str_replace( $key, $this->settings->masked_key(), $words ) : $words ), 0, 1000 );
	}

	/**
	 * Ends a pause after failures, so that the delivery continues at once. A stop by the server (HTTP 410)
	 * stays.
	 */
	public function forget_failures() {
		$this->update(
			array(
				'paused_until' => 0,
				'pauses'       => 0,
			)
		);
	}

	/**
	 * Deletes the state.
	 */
	public function forget() {
		delete_option( self::OPTION );
	}
}
